// Terms of the field, as this program uses them: docs/terms.toml.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct Term {
  std::string group;
  std::string name;
  std::vector<std::string> also;  ///< other spellings, and the headings that it explains
  std::string text;
  std::string read;  ///< "docs/model.md#3-lower-bounds"

  /// Case, and underscores for spaces and dashes, aside.
  [[nodiscard]] bool is_called(std::string_view typed) const;
};

/// In the order of the file. @throws Error(usage) with file and line, Error(environment) if there
/// is none
[[nodiscard]] std::vector<Term> load_terms();

/// Those that bear the name, else those that have it among their other spellings.
[[nodiscard]] std::vector<Term> find_terms(const std::vector<Term>& terms, std::string_view typed);

/// @throws Error(usage) with the nearest name of a term or of `more`
[[noreturn]] void refuse_term(const std::vector<Term>& terms,
                              std::string_view typed,
                              std::vector<std::string> more);

/// For completion.
[[nodiscard]] std::vector<std::string> term_names();

}  // namespace bench
