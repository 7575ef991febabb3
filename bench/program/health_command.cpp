// rainier health: which rank or link of a job is slower than the others.
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "bench/executor/health.hpp"
#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/expected.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

struct HealthCommand {
  HealthOptions check;
  bool per_rank = false;
};

std::string percent(const Fitness& fitness) {
  return fmt::format("{:.0f} % ({:.0f} to {:.0f})",
                     100 * fitness.share,
                     100 * fitness.interval.low,
                     100 * fitness.interval.high);
}

/// Those that are slow, or all. @return what to say of the slow ones
std::vector<std::string> print_ranks(const Health& health, bool all) {
  std::vector<std::string> slow;
  fmt::print("#{:>7}  {:<20} {:>20} {:>12}  {}\n",
             "rank",
             "host",
             "of the usual rate",
             "others took",
             "verdict");
  for (const RankHealth& r : health.ranks) {
    if (all || r.fitness.slow)
      fmt::print("{:>8}  {:<20} {:>20} {:>10.0f} %  {}\n",
                 r.rank,
                 r.host,
                 percent(r.fitness),
                 100 * r.taken,
                 r.fitness.slow ? "slow" : "good");
    if (r.fitness.slow)
      slow.push_back(
          fmt::format("rank {} on {} works at {}, others took {:.0f} % of its host's CPU time",
                      r.rank,
                      r.host,
                      percent(r.fitness),
                      100 * r.taken));
  }
  return slow;
}

void print_links(const Health& health, bool all, std::vector<std::string>& slow) {
  if (health.links.empty()) return fmt::print("# ranks outnumber cores: links are not judged\n");
  fmt::print(
      "#{:>7}  {:<20} {:>20}  {}\n", "link", "GB/s each way", "of the usual rate", "verdict");
  for (const LinkHealth& l : health.links) {
    const std::string ends = fmt::format("{}-{}", l.from, l.to);
    if (all || l.fitness.slow)
      fmt::print("{:>8}  {:<20.3g} {:>20}  {}\n",
                 ends,
                 l.bytes_per_second / 1e9,
                 percent(l.fitness),
                 l.fitness.slow ? "slow" : "good");
    if (l.fitness.slow)
      slow.push_back(fmt::format("the link {} between {} and {} carries {}",
                                 ends,
                                 health.ranks[static_cast<std::size_t>(l.from)].host,
                                 health.ranks[static_cast<std::size_t>(l.to)].host,
                                 percent(l.fitness)));
  }
}

std::size_t hosts(const Health& health) {
  std::set<std::string> names;
  for (const RankHealth& r : health.ranks) names.insert(r.host);
  return names.size();
}

void run(const HealthCommand& options) {
  const MpiSession mpi;
  if (mpi.size() < 2)
    topology::usage_error("health compares ranks: mpirun -np 2 rainier health, or more");
  const Health health = check_health(options.check);
  std::vector<std::string> slow{"one of the ranks"};
  if (mpi.rank() == 0) {
    fmt::print(
        "# health of {} ranks on {} host{}: {} s of work on each, then messages of 256 KiB "
        "between neighbours\n"
        "# slow: the whole 95 % interval is below {:.0f} % of the usual rate\n"
        "# others: processes and guests, of the CPU time of the rank's host\n",
        mpi.size(),
        hosts(health),
        hosts(health) == 1 ? "" : "s",
        options.check.seconds,
        100 * options.check.threshold);
    slow = print_ranks(health, options.per_rank);
    print_links(health, options.per_rank, slow);
    if (slow.empty()) fmt::print("# nobody is slow\n");
  }
  const bool anybody = mpi.rank() == 0 && !slow.empty();
  const bool bad = MpiSession::share(anybody ? "slow" : "") == "slow";
  MpiSession::end();
  if (bad)
    throw topology::Error(topology::ErrorKind::verdict, fmt::format("{}", fmt::join(slow, "; ")));
}

}  // namespace

void add_health(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<HealthCommand>();
  CLI::App* command = app.add_subcommand(
      "health", "Name ranks and links that are slower than the others, under mpirun");
  command->add_option("--seconds", options->check.seconds, "of work on each rank")
      ->check(number_from(0.01, 3600));
  command
      ->add_option("--threshold", options->check.threshold, "share of the usual rate that is slow")
      ->check(number_from(0, 1));
  command->add_flag("--per-rank", options->per_rank, "print the good ones, too");
  command->footer(
      "mpirun -np 2 rainier health\n"
      "mpirun -np 2 rainier health --per-rank --seconds 5");
  command->callback([options, &chosen] { chosen = [options] { run(*options); }; });
}

}  // namespace bench
