// Whether a test runs with sanitizers, where code is ten times as slow: large loops do a part then,
// and all of it in the optimised build.
#pragma once

namespace fixtures {

#ifdef __SANITIZE_ADDRESS__
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
inline constexpr bool sanitized = __has_feature(address_sanitizer);
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace fixtures
