#include "bench/executor/pass_on.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "bench/executor/byte_set.hpp"

namespace bench {
namespace {

Take part_of(const Take& take, ByteRange bytes) {
  Take part = take;
  part.user = bytes.begin;
  part.bytes = bytes.end - bytes.begin;
  for (Operand& o : part.from) o.at += bytes.begin - take.user;
  return part;
}

bool overlap(const Take& a, const Take& b) {
  return a.user < b.user + b.bytes && b.user < a.user + a.bytes;
}

/// The parts of a take that `puts` put, with their place in the slot, and the others.
std::vector<Take> cut(const Take& take, const std::vector<Put>& puts) {
  std::vector<Take> parts;
  std::size_t at = take.user;
  const std::size_t end = take.user + take.bytes;
  for (const Put& put : puts) {
    const std::size_t from = std::max(at, put.user);
    const std::size_t to = std::min(end, put.user + put.bytes);
    if (!put.from_output || from >= to) continue;
    if (at < from) parts.push_back(part_of(take, {at, from}));
    parts.push_back(part_of(take, {from, to}));
    parts.back().passed_on = put.slot + (from - put.user);
    at = to;
  }
  if (at < end) parts.push_back(part_of(take, {at, end}));
  return parts;
}

/// What is left of the puts.
std::vector<Put> without(const std::vector<Put>& puts, const ByteSet& passed_on) {
  std::vector<Put> left;
  for (const Put& put : puts) {
    if (!put.from_output) {
      left.push_back(put);
      continue;
    }
    passed_on.stretches({put.user, put.user + put.bytes}, [&](ByteRange bytes, bool done) {
      if (!done)
        left.push_back(
            {true, bytes.begin, put.slot + (bytes.begin - put.user), bytes.end - bytes.begin});
    });
  }
  return left;
}

}  // namespace

void pass_on(HostStep& before, HostStep& after) {
  std::vector<Put> in_order = after.puts;
  std::sort(
      in_order.begin(), in_order.end(), [](const Put& a, const Put& b) { return a.user < b.user; });
  std::vector<Take> takes;
  ByteSet passed_on;
  for (auto take = before.takes.begin(); take != before.takes.end(); ++take) {
    const bool changed_later = std::any_of(
        take + 1, before.takes.end(), [&](const Take& other) { return overlap(*take, other); });
    if (changed_later) {
      takes.push_back(std::move(*take));
      continue;
    }
    for (Take& part : cut(*take, in_order)) {
      if (part.passed_on) passed_on.add({part.user, part.user + part.bytes});
      takes.push_back(std::move(part));
    }
  }
  before.takes = std::move(takes);
  after.puts = without(after.puts, passed_on);
}

}  // namespace bench
