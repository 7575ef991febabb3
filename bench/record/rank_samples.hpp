// What each rank's own clock said, in a file beside the results: NAME.ranks.h5.
//
// The results file has the slowest rank's times and is written by rank 0 alone. This one is larger
// by the number of ranks, so all of them write it, each its own part, by parallel HDF5. All of its
// space is taken before anything is measured: a disk that is too small says so at once, and a kill
// at any point leaves a file that opens.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "bench/record/handle.hpp"

namespace bench {

class RankSamples {
 public:
  struct Extent {
    std::int64_t points = 0;   ///< rows of the table in the results file
    std::int64_t samples = 0;  ///< of a point
  };

  /// NAME.h5 has NAME.ranks.h5.
  [[nodiscard]] static std::filesystem::path beside(const std::filesystem::path& results);

  /// Bytes of the file, but for its headers.
  [[nodiscard]] static double size(Extent extent, std::int64_t ranks);

  /// What another run left there is not overwritten unless told to. @throws Error(environment)
  static void expect_free(const std::filesystem::path& results);

  /// Collective over MPI_COMM_WORLD, as all that follows. It grows as NAME.ranks.h5.partial.
  /// @param resume go on with what a run that was cut off has left; if it was complete, it stays so
  /// @throws Error(environment): no space, cannot be written, or HDF5 is not parallel
  RankSamples(const std::filesystem::path& results, Extent extent, bool resume);

  /// This rank's samples of a point, in seconds; what is not written reads as NaN.
  void write(std::int64_t point, std::span<const double> seconds);

  /// Gives it its name. Nothing is written after it.
  void complete();

 private:
  void create(const std::filesystem::path& results);
  void open();
  void add_scales(std::int64_t ranks);

  std::filesystem::path path_;
  Extent extent_;
  FileHandle file_;
  DatasetHandle samples_;  ///< (point, rank, sample)
};

}  // namespace bench
