#include "bench/record/hdf5_error.hpp"

#include <string_view>

#include "topology/error.hpp"

namespace bench {

namespace {

/// The operating system's words, where the library quotes them: "No space left on device".
std::string shorten(std::string_view description) {
  constexpr std::string_view marker = "error message = '";
  const auto begin = description.find(marker);
  if (begin == std::string_view::npos) return std::string(description);
  const auto text = description.substr(begin + marker.size());
  return std::string(text.substr(0, text.find('\'')));
}

herr_t keep_innermost(unsigned depth, const H5E_error2_t* error, void* cause) {
  if (depth == 0 && error->desc != nullptr) *static_cast<std::string*>(cause) = error->desc;
  return 0;
}

std::string take_cause() {
  const hid_t stack = H5Eget_current_stack();  // any further call would clear it
  if (stack < 0) return "unknown cause";
  std::string cause = "unknown cause";
  H5Ewalk2(stack, H5E_WALK_UPWARD, keep_innermost, &cause);
  H5Eclose_stack(stack);
  return shorten(cause);
}

template <class GetName>
std::string name_by(GetName get_name, hid_t id) {
  const auto length = get_name(id, nullptr, 0);
  if (length <= 0) return {};
  std::string text(static_cast<std::size_t>(length), '\0');
  get_name(id, text.data(), text.size() + 1);
  return text;
}

}  // namespace

void silence_hdf5() {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

void throw_hdf5_error(const char* action, hid_t where, const std::string& name) {
  const std::string cause = take_cause();
  std::string object = where < 0 ? std::string() : name_by(H5Iget_name, where);
  if (!name.empty()) {
    if (where >= 0 && object != "/") object += '/';
    object += name;
  }
  const std::string file = where < 0 ? std::string() : name_by(H5Fget_name, where) + ": ";
  throw topology::Error(topology::ErrorKind::environment,
                        file + object + ": cannot " + action + ": " + cause);
}

}  // namespace bench
