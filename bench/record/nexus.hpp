// The attributes by which viewers of NeXus files (silx, H5Web, NeXpy) know what to draw first.
// https://manual.nexusformat.org/classes/base_classes/NXdata.html
#pragma once

#include <hdf5.h>

#include "bench/record/schema.hpp"

namespace bench {

/// Marks a new table as a plot of its signal over the points; the first of an entry, and of the
/// file, is what they open with. Tables without a signal stay plain groups.
void mark_as_plot(hid_t file, const Record& record);

}  // namespace bench
