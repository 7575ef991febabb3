#include "bench/program/timeline_file.hpp"

#include <fstream>
#include <map>

#include <nlohmann/json.hpp>

#include "topology/error.hpp"

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

Json named(const char* what, std::size_t process, std::size_t thread, const std::string& name) {
  return {
      {"ph", "M"}, {"name", what}, {"pid", process}, {"tid", thread}, {"args", {{"name", name}}}};
}

/// A process has a number in the order of its first track.
std::vector<std::size_t> processes_of(const Timeline& timeline) {
  std::map<std::string, std::size_t> known;
  std::vector<std::size_t> all;
  for (const Track& track : timeline.tracks)
    all.push_back(known.try_emplace(track.process, known.size()).first->second);
  return all;
}

}  // namespace

void write_timeline(const std::string& path, const Timeline& timeline, const std::string& model) {
  const std::vector<std::size_t> processes = processes_of(timeline);
  Json events = Json::array();
  for (std::size_t t = 0; t < timeline.tracks.size(); ++t) {
    const Track& track = timeline.tracks[t];
    events.push_back(named("process_name", processes[t], t, track.process));
    events.push_back(named("thread_name", processes[t], t, track.resource));
  }
  for (const TimelineEvent& event : timeline.events) {
    Json entry{{"ph", "X"},
               {"name", event.name},
               {"pid", processes[event.track]},
               {"tid", event.track},
               {"ts", event.start.value() * 1e6},
               {"dur", event.took.value() * 1e6}};
    if (event.micro_batch >= 0)
      entry["args"] = {{"chunk", event.chunk}, {"micro_batch", event.micro_batch}};
    events.push_back(std::move(entry));
  }
  const Json all{{"traceEvents", events}, {"otherData", {{"model", model}}}};
  std::ofstream file(path);
  file << all.dump() << '\n';
  file.close();
  if (!file)
    throw topology::Error(topology::ErrorKind::environment,
                          path + ": the timeline cannot be written");
}

}  // namespace bench
