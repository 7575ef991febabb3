#include "bench/record/attribute.hpp"

#include "bench/record/hdf5_error.hpp"

namespace bench {

namespace {

TypeHandle type_of(const Cell& value) {
  if (std::holds_alternative<std::string>(value)) return text_type();
  const hid_t type = std::holds_alternative<double>(value) ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64;
  return TypeHandle(H5Tcopy(type));
}

AttributeHandle open_or_create(hid_t object, const std::string& name, hid_t type) {
  if (has_attribute(object, name))
    return AttributeHandle(
        checked(H5Aopen(object, name.c_str(), H5P_DEFAULT), "open the attribute", object, name));
  const SpaceHandle scalar(H5Screate(H5S_SCALAR));
  return AttributeHandle(
      checked(H5Acreate2(object, name.c_str(), type, scalar.get(), H5P_DEFAULT, H5P_DEFAULT),
              "create the attribute",
              object,
              name));
}

std::string read_variable_text(hid_t attribute, const std::string& name) {
  const TypeHandle type = text_type();
  char* text = nullptr;
  checked(H5Aread(attribute, type.get(), &text), "read the attribute", attribute, name);
  std::string copy = text == nullptr ? "" : text;
  H5free_memory(text);
  return copy;
}

std::string read_fixed_text(hid_t attribute, hid_t type, const std::string& name) {
  std::string text(H5Tget_size(type), '\0');
  checked(H5Aread(attribute, type, text.data()), "read the attribute", attribute, name);
  return text.substr(0, text.find('\0'));
}

}  // namespace

TypeHandle text_type() {
  TypeHandle type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type.get(), H5T_VARIABLE);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  return type;
}

void write_attribute(hid_t object, const std::string& name, const Cell& value) {
  const TypeHandle type = type_of(value);
  const AttributeHandle attribute = open_or_create(object, name, type.get());
  const auto write = [&](const void* data) {
    checked(H5Awrite(attribute.get(), type.get(), data), "write the attribute", object, name);
  };
  if (const auto* text = std::get_if<std::string>(&value)) {
    const char* pointer = text->c_str();
    write(&pointer);
  } else if (const auto* number = std::get_if<double>(&value)) {
    write(number);
  } else {
    write(std::get_if<std::int64_t>(&value));
  }
}

bool has_attribute(hid_t object, const std::string& name) {
  return checked(H5Aexists(object, name.c_str()), "look up the attribute", object, name) > 0;
}

Cell read_attribute(hid_t object, const std::string& name) {
  const AttributeHandle attribute(
      checked(H5Aopen(object, name.c_str(), H5P_DEFAULT), "open the attribute", object, name));
  const TypeHandle type(H5Aget_type(attribute.get()));
  if (H5Tis_variable_str(type.get()) > 0) return read_variable_text(attribute.get(), name);
  const H5T_class_t kind = H5Tget_class(type.get());
  if (kind == H5T_STRING) return read_fixed_text(attribute.get(), type.get(), name);
  if (kind == H5T_INTEGER) {
    std::int64_t value = 0;
    checked(H5Aread(attribute.get(), H5T_NATIVE_INT64, &value), "read the attribute", object, name);
    return value;
  }
  double value = 0;
  checked(H5Aread(attribute.get(), H5T_NATIVE_DOUBLE, &value), "read the attribute", object, name);
  return value;
}

}  // namespace bench
