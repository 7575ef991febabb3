#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <hdf5.h>
#include <mpi.h>
#include <sched.h>

#include "bench/doctor/examine.hpp"
#include "bench/executor/mpi.hpp"
#include "bench/record/host.hpp"

namespace bench {
namespace {

/// What a rank is and sees.
struct Seen {
  std::string host;
  std::string program;  ///< version and size of the program, versions of MPI and HDF5
  std::set<int> cpus;   ///< that it may use
};

std::string program_here() {
  std::error_code failure;
  const auto size = std::filesystem::file_size("/proc/self/exe", failure);
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  H5get_libversion(&major, &minor, &release);
  const std::string library = MpiSession::library();
  return fmt::format("rainier {} of {} B, {}, HDF5 {}.{}.{}",
                     RAINIER_VERSION,
                     size,
                     library.substr(0, library.find(',')),
                     major,
                     minor,
                     release);
}

std::string cpus_here() {
  cpu_set_t mine;
  CPU_ZERO(&mine);
  sched_getaffinity(0, sizeof mine, &mine);
  std::string text;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &mine)) text += fmt::format("{} ", cpu);
  return text;
}

/// A text of every rank, on rank 0. Collective.
std::vector<std::string> gathered(const std::string& text) {
  int rank = 0;
  int size = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const auto length = static_cast<int>(text.size());
  std::vector<int> lengths(static_cast<std::size_t>(size));
  MPI_Gather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, 0, MPI_COMM_WORLD);
  std::vector<int> starts(lengths.size(), 0);
  for (std::size_t i = 1; i < starts.size(); ++i) starts[i] = starts[i - 1] + lengths[i - 1];
  std::string all(rank == 0 ? static_cast<std::size_t>(starts.back() + lengths.back()) : 0, ' ');
  MPI_Gatherv(text.data(),
              length,
              MPI_CHAR,
              all.data(),
              lengths.data(),
              starts.data(),
              MPI_CHAR,
              0,
              MPI_COMM_WORLD);
  std::vector<std::string> texts;
  for (std::size_t i = 0; rank == 0 && i < lengths.size(); ++i)
    texts.push_back(
        all.substr(static_cast<std::size_t>(starts[i]), static_cast<std::size_t>(lengths[i])));
  return texts;
}

bool first_on_host() {
  MPI_Comm host = MPI_COMM_NULL;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
  int rank = 0;
  MPI_Comm_rank(host, &rank);
  MPI_Comm_free(&host);
  return rank == 0;
}

std::vector<Seen> seen_by_all() {
  const auto hosts = gathered(this_host().name);
  const auto programs = gathered(program_here());
  const auto cpus = gathered(cpus_here());
  std::vector<Seen> all;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    Seen one{hosts[i], programs[i], {}};
    for (std::size_t at = 0; at < cpus[i].size(); at = cpus[i].find(' ', at) + 1)
      one.cpus.insert(std::stoi(cpus[i].substr(at)));
    all.push_back(std::move(one));
  }
  return all;
}

/// Tasks that the launcher says it has started; 0: it does not say.
std::size_t started() {
  for (const char* variable : {"OMPI_COMM_WORLD_SIZE", "SLURM_NTASKS"})
    if (const char* const value = std::getenv(variable); value != nullptr)
      return std::strtoul(value, nullptr, 10);
  return 0;
}

Finding job_finding(const std::vector<Seen>& ranks) {
  if (ranks.size() == 1 && started() > 1)
    return {"job",
            Grade::bad,
            fmt::format("{} tasks were started, but each is alone: MPI does not know the launcher",
                        started()),
            "srun --mpi=pmix …",
            ""};
  std::map<std::string, int> on;
  for (const Seen& rank : ranks) ++on[rank.host];
  std::vector<std::string> texts;
  std::set<int> counts;
  for (const auto& [host, count] : on) {
    texts.push_back(fmt::format("{} on {}", count, host));
    counts.insert(count);
  }
  const std::string says = fmt::format("{} ranks: {}", ranks.size(), fmt::join(texts, ", "));
  if (ranks.size() < 2)
    return {"job", Grade::bad, "1 rank: a collective takes two", "mpirun -np 2 rainier doctor", ""};
  if (counts.size() == 1) return {"job", Grade::good, says, "", ""};
  return {"job",
          Grade::warn,
          says + ": hosts have unequal numbers, shared memory is used on none",
          "mpirun --map-by ppr:1:node …",
          ""};
}

Finding version_finding(const std::vector<Seen>& ranks) {
  for (std::size_t i = 1; i < ranks.size(); ++i)
    if (ranks[i].program != ranks[0].program)
      return {"same program",
              Grade::bad,
              fmt::format("rank {} on {} runs {}, rank 0 {}",
                          i,
                          ranks[i].host,
                          ranks[i].program,
                          ranks[0].program),
              "rsync -a build/ HOST:$PWD/build/",
              ""};
  return {"same program", Grade::good, "on all ranks: " + ranks.front().program, "", ""};
}

/// A switch in the words that Open MPI 4.1 takes for on: any other number than 0, too.
bool is_on(std::string_view value) {
  constexpr std::array<std::string_view, 5> words{"true", "t", "yes", "y", "enabled"};
  int number = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
  if (read.ec == std::errc()) return read.ptr == value.data() + value.size() && number != 0;
  return std::find(words.begin(), words.end(), value) != words.end();
}

/// With a core for each, ranks that wait must keep it: another program that is given it has it for
/// milliseconds. A fit by two ranks beside a program on one of two cores took 55 s, else 5.
Finding core_each_finding() {
  constexpr const char* variable = "OMPI_MCA_mpi_yield_when_idle";
  const char* const told = std::getenv(variable);
  if (told == nullptr || !is_on(told))
    return {"oversubscribed", Grade::good, "no: each rank can have a hardware thread", "", ""};
  return {"oversubscribed",
          Grade::warn,
          fmt::format(
              "no, yet {}={}: ranks that wait leave their core to other programs", variable, told),
          fmt::format("unset {}", variable),
          ""};
}

/// More ranks than cores, or several bound to one while others are idle.
Finding core_share_finding(const std::vector<Seen>& ranks) {
  std::map<std::string, std::set<int>> cpus;
  std::map<std::string, int> on;
  for (const Seen& rank : ranks) {
    cpus[rank.host].insert(rank.cpus.begin(), rank.cpus.end());
    ++on[rank.host];
  }
  std::string most;
  for (const auto& [host, count] : on)
    if (static_cast<std::size_t>(count) > cpus[host].size())
      most = fmt::format("{} ranks on the {} hardware threads of {} that they may use",
                         count,
                         cpus[host].size(),
                         host);
  if (!most.empty())
    return {"oversubscribed",
            Grade::warn,
            most + ": they take turns",
            fmt::format("mpirun --bind-to none -np {} …", cpus.begin()->second.size()),
            ""};
  return core_each_finding();
}

}  // namespace

std::vector<Finding> examine_job(const std::string& folder) {
  const bool speaks_for_host = first_on_host();
  std::vector<Finding> mine;
  if (speaks_for_host) mine = examine_host(folder);
  for (Finding& finding : mine) finding.host = this_host().name;
  const auto reports = gathered(speaks_for_host ? to_json(mine) : "");
  const std::vector<Seen> ranks = seen_by_all();
  if (ranks.empty()) return {};
  std::vector<Finding> all{job_finding(ranks), version_finding(ranks), core_share_finding(ranks)};
  for (const std::string& report : reports)
    if (!report.empty())
      for (Finding& finding : findings_of(report)) all.push_back(std::move(finding));
  return all;
}

}  // namespace bench
