#include "bench/doctor/finding.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace bench {

const char* name(Grade grade) {
  return grade == Grade::good ? "good" : grade == Grade::warn ? "warn" : "bad";
}

Grade worst(const std::vector<Finding>& findings) {
  Grade grade = Grade::good;
  for (const Finding& finding : findings) grade = std::max(grade, finding.grade);
  return grade;
}

std::string to_json(const std::vector<Finding>& findings) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Finding& f : findings)
    all.push_back({{"check", f.what},
                   {"grade", name(f.grade)},
                   {"says", f.says},
                   {"remedy", f.remedy},
                   {"host", f.host}});
  return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::vector<Finding> findings_of(const std::string& json) {
  std::vector<Finding> all;
  for (const auto& one : nlohmann::json::parse(json)) {
    const std::string grade = one.at("grade");
    all.push_back({one.at("check"),
                   grade == "good"   ? Grade::good
                   : grade == "warn" ? Grade::warn
                                     : Grade::bad,
                   one.at("says"),
                   one.at("remedy"),
                   one.at("host")});
  }
  return all;
}

}  // namespace bench
