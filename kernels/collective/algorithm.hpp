// The table of algorithms. Each builds one phase of a hierarchy over some digits of a group: a
// reduce-scatter that the composition mirrors into an all-gather, or an all-reduce in one piece.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/collective/schedule.hpp"
#include "topology/quantity.hpp"

namespace kernels {

/// The digits of the group that a phase works on, and what earlier phases left of the others.
struct Context {
  std::vector<std::int64_t> extents;
  std::vector<bool> ring;  ///< digit is a torus dimension; a ring of 4 is read as a Gray code
  Box chunks;              ///< `all` on digits still whole, own on digits already scattered
  std::vector<topology::BytesPerSecond> rate;  ///< what a link of the digit reaches
  double blocks = 1;  ///< of an all-to-all: sources whose blocks for one chunk are together by now
};

struct PhaseOptions {
  int ports = 0;          ///< lanes to use; 0: as many as there are
  bool balanced = false;  ///< lanes weighted so that all links are busy for the same time
  int radix = 0;          ///< most members that meet in a step; 0: the algorithm's own choice
};

/// @param digits of extent above 1
using PhaseBuilder = Node (*)(const Context& context,
                              const std::vector<std::size_t>& digits,
                              const PhaseOptions& options);

struct Algorithm {
  const char* name;
  PhaseBuilder phase = nullptr;     ///< of a reduction; null: it is for all-to-all only
  PhaseBuilder exchange = nullptr;  ///< of an all-to-all
  PhaseBuilder reduce = nullptr;    ///< of a reduce to the root; its mirror is a broadcast
  PhaseBuilder gather = nullptr;    ///< of a gather to the root; its mirror is a scatter
  PhaseBuilder barrier = nullptr;
  bool powers_of_two = false;      ///< every extent must be one
  bool one_level = false;          ///< works on a single digit
  bool all_reduces = false;        ///< leaves the sum everywhere instead of scattering it
  bool lanes = false;              ///< can use several ports at once
  bool balances = false;           ///< knows weights for lanes on unequal links
  std::span<const int> radices{};  ///< takes a radix; these are worth trying
  bool at_once = false;            ///< its bare name means the whole group in one phase
  bool in_switch = false;          ///< on a level whose switch adds up only
  bool on_torus = true;            ///< worth trying there: no other one is as good everywhere
  bool on_switch = true;
};

Node ring_phase(const Context& context,
                const std::vector<std::size_t>& digits,
                const PhaseOptions& options);
Node biring_phase(const Context& context,
                  const std::vector<std::size_t>& digits,
                  const PhaseOptions& options);
Node flat_phase(const Context& context,
                const std::vector<std::size_t>& digits,
                const PhaseOptions& options);
Node bucket_phase(const Context& context,
                  const std::vector<std::size_t>& digits,
                  const PhaseOptions& options);
Node halving_phase(const Context& context,
                   const std::vector<std::size_t>& digits,
                   const PhaseOptions& options);
Node xor_phase(const Context& context,
               const std::vector<std::size_t>& digits,
               const PhaseOptions& options);
Node swing_phase(const Context& context,
                 const std::vector<std::size_t>& digits,
                 const PhaseOptions& options);
Node direct_phase(const Context& context,
                  const std::vector<std::size_t>& digits,
                  const PhaseOptions& options);
Node nvls_phase(const Context& context,
                const std::vector<std::size_t>& digits,
                const PhaseOptions& options);
Node butterfly_phase(const Context& context,
                     const std::vector<std::size_t>& digits,
                     const PhaseOptions& options);
Node doubling_phase(const Context& context,
                    const std::vector<std::size_t>& digits,
                    const PhaseOptions& options);
Node one_shot_phase(const Context& context,
                    const std::vector<std::size_t>& digits,
                    const PhaseOptions& options);

Node double_tree_phase(const Context& context,
                       const std::vector<std::size_t>& digits,
                       const PhaseOptions& options);

Node binomial_reduce(const Context& context,
                     const std::vector<std::size_t>& digits,
                     const PhaseOptions& options);
Node binomial_gather(const Context& context,
                     const std::vector<std::size_t>& digits,
                     const PhaseOptions& options);
Node bine_reduce(const Context& context,
                 const std::vector<std::size_t>& digits,
                 const PhaseOptions& options);
Node bine_gather(const Context& context,
                 const std::vector<std::size_t>& digits,
                 const PhaseOptions& options);
Node chain_reduce(const Context& context,
                  const std::vector<std::size_t>& digits,
                  const PhaseOptions& options);
Node tree_reduce(const Context& context,
                 const std::vector<std::size_t>& digits,
                 const PhaseOptions& options);
Node dissemination_barrier(const Context& context,
                           const std::vector<std::size_t>& digits,
                           const PhaseOptions& options);

Node direct_exchange(const Context& context,
                     const std::vector<std::size_t>& digits,
                     const PhaseOptions& options);
Node pairwise_exchange(const Context& context,
                       const std::vector<std::size_t>& digits,
                       const PhaseOptions& options);
Node bruck_exchange(const Context& context,
                    const std::vector<std::size_t>& digits,
                    const PhaseOptions& options);

[[nodiscard]] std::span<const Algorithm> algorithms();

/// @throws Error(usage) with the nearest name.
[[nodiscard]] const Algorithm& parse_algorithm(std::string_view text);

/// The pairs of a digit exchange what the context holds: an exchange to fill in.
[[nodiscard]] Exchange between_pairs(const Context& context,
                                     std::size_t digit,
                                     topology::Pairing::Pairs pairs);

/// One step after the other along a digit, and what they leave of its chunks.
using AlongDigit = std::function<Node(Context& context, std::size_t digit)>;

/// To the root along one level after the other, in each of the `ways`, a lane beginning with each
/// level. The last level carries most, so a lane has a share in proportion to the rate of the ring
/// that it ends with.
[[nodiscard]] Node in_turns(const Context& context,
                            std::vector<std::size_t> digits,
                            int ports,
                            const std::vector<AlongDigit>& ways);

/// Takes the chunks that phases of a reduce-scatter have left on `digits` to the root.
[[nodiscard]] Node gather_back(const Context& context, std::vector<std::size_t> digits);

/// The builder that serves a collective; null where the algorithm does not.
[[nodiscard]] PhaseBuilder builder(const Algorithm& algorithm, Collective collective);

/// A way to write n as a product, each factor at most `radix` where n's prime factors allow it.
[[nodiscard]] std::vector<std::int64_t> factors(std::int64_t n, std::int64_t radix);

/// The first `ports` of the lanes, all where `ports` is 0, side by side on equal shares.
[[nodiscard]] Node side_by_side(std::vector<Node> lanes, int ports);

/// The lanes of positive weight, side by side on shares in proportion.
[[nodiscard]] Node side_by_side(const std::vector<Node>& lanes, const std::vector<double>& weights);

}  // namespace kernels
