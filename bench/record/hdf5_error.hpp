// A failed HDF5 call as one sentence: file, object, what was tried, why it failed.
#pragma once

#include <string>

#include <hdf5.h>

namespace bench {

/// Stops the library from printing its error stack. Cheap; call it before the first HDF5 call.
void silence_hdf5();

/// @throws Error(environment) with the innermost cause of the library's error stack.
[[noreturn]] void throw_hdf5_error(const char* action, hid_t where, const std::string& name);

/// Passes the result of an HDF5 call on.
/// @param action what was tried, as in "cannot <action>"
/// @param where  any open identifier of the file or object; negative when there is none yet
/// @param name   what was looked up below `where`; empty when it is `where` itself
/// @throws Error(environment) when the result is negative
template <class Result>
Result checked(Result result, const char* action, hid_t where, const std::string& name = {}) {
  if (result < 0) throw_hdf5_error(action, where, name);
  return result;
}

}  // namespace bench
