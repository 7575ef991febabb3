from spack.package import *


class Rainier(CMakePackage):
    """Performance benchmark and model of large training clusters: collectives and matmuls measured under MPI,
    and predicted on up to 524,288 accelerators."""

    url = "file:///path/to/rainier-0.1.0.tar.gz"  # of a release, or `spack develop --path CHECKOUT rainier@0.1.0`
    version("0.1.0")

    depends_on("cxx", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi")
    depends_on("hdf5@1.10: +mpi +hl")
    depends_on("cli11")
    depends_on("fmt@9:")
    depends_on("tomlplusplus")
    depends_on("nlohmann-json")
    depends_on("benchmark@1.7:")
    depends_on("highway")
    depends_on("hwloc@2:")
    depends_on("libcsv")
    depends_on("pugixml")
    depends_on("python@3.9:", type="run")
    depends_on("py-h5py", type="run")
    depends_on("py-numpy", type="run")
    depends_on("py-matplotlib", type="run")

    requires("%gcc@12:", "%clang@14:", policy="one_of")

    def cmake_args(self):
        return [self.define("BUILD_TESTING", False)]

    def install(self, spec, prefix):
        mkdirp(prefix.bin)
        install(join_path(self.build_directory, "rainier"), prefix.bin)
        for part in ("models", "scripts", "runs"):
            install_tree(part, join_path(prefix.share, "rainier", part))
        for shelf in ("chips", "systems", "software", "failures"):
            install_tree(join_path("topology", shelf), join_path(prefix.share, "rainier", shelf))

    def setup_run_environment(self, env):
        env.set("RAINIER_DATA", join_path(self.prefix.share, "rainier"))
