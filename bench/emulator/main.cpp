// emulated_switch: joins network namespaces by wires of a given rate and delay. Started by
// scripts/emulated_network.py, which makes the namespaces.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bench/emulator/emulated_switch.hpp"
#include "topology/error.hpp"
#include "topology/parse.hpp"

namespace {

void run(const std::vector<std::string>& names, const std::string& rate, const std::string& delay) {
  const bench::Wires wires(names.size(),
                           topology::parse<topology::BytesPerSecond>(rate),
                           topology::parse<topology::Seconds>(delay));
  std::vector<bench::Tap> hosts;
  hosts.reserve(names.size());
  for (const std::string& name : names) hosts.emplace_back(name);
  bench::EmulatedSwitch joined(std::move(hosts), wires);
  fmt::print("# ready: {} hosts, {} each way, {}\n", names.size(), rate, delay);
  std::fflush(stdout);
  const bench::SwitchCounts counts = joined.run();
  fmt::print("# {} frames delivered, {} dropped, the latest {} after its time\n",
             counts.frames,
             counts.dropped,
             topology::format(counts.latest));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    CLI::App app{
        "Joins network devices that it makes by a switch and wires of a given rate and delay"};
    std::vector<std::string> names;
    std::string rate = "100 Mbit/s";
    std::string delay = "500 us";
    app.add_option("devices", names, "names of the devices to make, one per host")->required();
    app.add_option("--rate", rate, "of each wire and direction [100 Mbit/s]");
    app.add_option("--delay", delay, "from host to host [500 us]");
    app.parse(argc, argv);
    run(names, rate, delay);
    return 0;
  } catch (const CLI::Success&) {
    std::fputs("emulated_switch DEVICE... [--rate \"100 Mbit/s\"] [--delay \"500 us\"]\n", stdout);
    return 0;
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "emulated_switch: %s\n", error.what());
    return static_cast<int>(topology::ErrorKind::usage);
  } catch (const topology::Error& error) {
    std::fprintf(stderr, "emulated_switch: %s\n", error.what());
    return static_cast<int>(error.kind());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "emulated_switch: %s\n", error.what());
    return static_cast<int>(topology::ErrorKind::internal);
  }
}
