#include <algorithm>

#include <fmt/format.h>

#include "bench/validation/comparison.hpp"
#include "bench/validation/published_job.hpp"
#include "bench/validation/published_step.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

std::string training_subject(const PublishedRow& row) {
  return fmt::format("{}, {} {}, TP {} PP {} DP {} CP {} EP {}",
                     row.text("model"),
                     row.text("chips"),
                     row.text("chip"),
                     row.text("TP"),
                     row.text("PP"),
                     row.text("DP"),
                     row.text("CP"),
                     row.text("EP"));
}

/// The largest parts of a step, in words.
std::string largest(const Step& step) {
  std::vector<std::pair<double, const char*>> parts;
  for (std::size_t i = 0; i < spent_kinds; ++i)
    parts.emplace_back(step.spending.of.at(i) / step.time, name(static_cast<Spent>(i)));
  std::sort(parts.rbegin(), parts.rend());
  std::string text;
  for (std::size_t i = 0; i < 3; ++i)
    text += fmt::format("{}{} {:.0f} %", i > 0 ? ", " : "", parts[i].second, 100 * parts[i].first);
  return text;
}

}  // namespace

std::vector<Comparison> validate_training(const std::vector<PublishedRow>& rows) {
  std::vector<Comparison> all;
  for (const PublishedRow& row : rows) {
    Comparison c;
    c.id = row.text("id");
    c.set = row.text("set");
    c.quality = row.text("quality");
    c.subject = training_subject(row);
    c.group = fmt::format("{} on {} {}", row.text("model"), row.text("chips"), row.text("chip"));
    c.work = row.number_or("gbs", 0) * row.number_or("seq", 0);
    c.measured = topology::Seconds(row.number_or("step_s", 0));
    try {
      const Job job = published_job(row);
      if (row.text("step_s").empty()) c.measured = time_of_rate(row, job);
      const Step step = published_step(job);
      c.predicted = step.time;
      c.reason = largest(step);
    } catch (const topology::Error& error) {
      if (error.kind() != topology::ErrorKind::usage) throw;
      c.reason = error.what();
    }
    all.push_back(c);
  }
  return all;
}

}  // namespace bench
