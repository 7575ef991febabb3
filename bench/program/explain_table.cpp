#include "bench/program/explain_table.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "topology/parse.hpp"

namespace bench {
namespace {

using topology::LinkClass;
using topology::Seconds;

/// What a class of links is busy for in a prediction that may not use it.
Seconds busy_in(const Prediction& prediction, const std::string& link) {
  const auto at = std::find_if(prediction.links.begin(),
                               prediction.links.end(),
                               [&](const auto& l) { return l.name == link; });
  return at == prediction.links.end() ? Seconds{} : at->busy;
}

/// The class that `other` keeps busy for longest beyond what `choice` does; null where none is.
const LinkClass* busier_link(const Prediction& other, const Prediction& choice) {
  const LinkClass* most = nullptr;
  Seconds excess{};
  for (const LinkClass& link : other.links)
    if (const Seconds more = link.busy - busy_in(choice, link.name); more > excess) {
      most = &link;
      excess = more;
    }
  return most;
}

/// A link that is busier, if that is most of it: rounds wait for one link after the other.
std::string more_transfer(const Prediction& other, const Prediction& choice, Seconds transfer) {
  const LinkClass* link = busier_link(other, choice);
  if (link == nullptr || 2 * (link->busy - busy_in(choice, link->name)) < transfer)
    return "rounds in which only some of the links work";
  return fmt::format("{}{} is busy {} instead of {}",
                     link->name,
                     link->issue_bound ? " (message rate)" : "",
                     topology::format(link->busy),
                     topology::format(busy_in(choice, link->name)));
}

}  // namespace

std::string why_slower(const Prediction& other, const Prediction& choice) {
  const Seconds latency = other.latency - choice.latency;
  const Seconds transfer = other.transfer - choice.transfer;
  const Seconds reduction = other.reduction - choice.reduction;
  const Seconds most = std::max({latency, transfer, reduction});
  if (!(most > Seconds{})) return "as fast; the first in the table of algorithms is taken";
  if (most == latency)
    return fmt::format("latency +{}: {} rounds instead of {}",
                       topology::format(latency),
                       other.rounds,
                       choice.rounds);
  if (most == transfer)
    return fmt::format(
        "transfer +{}: {}", topology::format(transfer), more_transfer(other, choice, transfer));
  return fmt::format("reduction +{}", topology::format(reduction));
}

std::string what_takes_time(const Prediction& p) {
  const Seconds most = std::max({p.latency, p.transfer, p.reduction});
  const double share = 100 * (most / p.time);
  if (most == p.latency)
    return fmt::format("{:.0f} % of it latency of {} rounds and the call", share, p.rounds);
  if (most == p.transfer)
    return fmt::format("{:.0f} % of it transfer, longest on {}", share, p.bottleneck_name());
  return fmt::format("{:.0f} % of it reduction", share);
}

void print_explanation(std::int64_t bytes, const std::vector<Prediction>& all, std::size_t shown) {
  const Prediction& choice = all.front();
  fmt::print("\n# {} B: {} of {} candidates; {}, {}\n#{:>11} {:>10} {:>10} {:>7} {:>20}  {}\n",
             bytes,
             choice.algorithm,
             all.size(),
             topology::format(choice.time),
             what_takes_time(choice),
             "time (us)",
             "latency",
             "transfer",
             "%bound",
             "bottleneck",
             "algorithm: why it is slower");
  for (std::size_t i = 0; i < std::min(shown, all.size()); ++i) {
    const Prediction& p = all[i];
    fmt::print("{:>12.2f} {:>10.2f} {:>10.2f} {:>6.1f}% {:>20}  {}{}\n",
               p.time.value() * 1e6,
               p.latency.value() * 1e6,
               p.transfer.value() * 1e6,
               100 * p.fraction_of_bound(),
               p.bottleneck_name(),
               p.algorithm,
               i == 0 ? std::string() : ": " + why_slower(p, choice));
  }
}

}  // namespace bench
