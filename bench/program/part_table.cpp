#include "bench/program/part_table.hpp"

#include <string>

#include <fmt/format.h>

#include "bench/program/plan_json.hpp"
#include "bench/program/plan_text.hpp"

namespace bench {
namespace {

constexpr double million = 1e6;
constexpr double seconds_per_hour = 3600;

/// Per token times a chip's figure, with a star for an assumed one.
template <class Q>
std::string times(const PartPlan& part, const topology::Figure<Q>& figure, double tokens) {
  if (!figure) return "-";
  return fmt::format("{:.4g}{}",
                     part.chip_time().value() * figure->value.value() * tokens,
                     figure->status == topology::Status::assumed ? "*" : "");
}

template <class Q>
nlohmann::ordered_json times(const PartPlan& part, const topology::Figure<Q>& figure) {
  if (!figure) return nullptr;
  return part.chip_time().value() * figure->value.value();
}

}  // namespace

const topology::Figure<topology::Watts>& power_of(const topology::Chip& chip) {
  return chip.power_all_in ? chip.power_all_in : chip.power;
}

void print_parts(const topology::Chip& chip, const std::vector<PartPlan>& parts) {
  fmt::print(
      "\n# the same step on fewer chips, time against cost (power {}; * rests on an assumed "
      "figure)\n"
      "#{:>7} {:>10} {:>10} {:>12} {:>6} {:>13} {:>10} {:>10}  {}\n",
      chip.power_all_in ? "with the chip's share of hosts, network and cooling" : "of chips alone",
      "chips",
      "step (s)",
      "times",
      "tokens/s",
      "MFU %",
      "chip-h/Mtoken",
      "USD/Mtoken",
      "J/token",
      "best plan");
  for (const PartPlan& part : parts) {
    const FoundPlan& found = part.plan;
    fmt::print("{:>8} {:>10.4g} {:>9.2f}x {:>12.4g} {:>6.1f} {:>13.4g} {:>10} {:>10}  {}\n",
               part.chips,
               found.time.value(),
               found.time / parts.front().plan.time,
               static_cast<double>(part.chips) / part.chip_time().value(),
               100 * found.mfu,
               part.chip_time().value() * million / seconds_per_hour,
               times(part, chip.price, million),
               times(part, power_of(chip), 1),
               plan_text(found.plan));
  }
}

nlohmann::ordered_json parts_json(const topology::Chip& chip, const std::vector<PartPlan>& parts) {
  nlohmann::ordered_json out;
  for (const PartPlan& part : parts)
    out.push_back({{"chips", part.chips},
                   {"chip_s_per_token", part.chip_time().value()},
                   {"usd_per_token", times(part, chip.price)},
                   {"j_per_token", times(part, power_of(chip))},
                   {"plan", plan_json(part.plan)}});
  return out;
}

}  // namespace bench
