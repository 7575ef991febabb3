// The cores that ranks may use. mpirun binds each rank to its own.
#pragma once

namespace bench {

/// Lets rank 0 run on every core that a rank of its host is bound to, for work that it does while
/// the others wait. Collective over all ranks.
/// @return cores that the calling rank may use from now on
int lend_cores_to_rank_0();

}  // namespace bench
