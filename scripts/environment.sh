# Sourced by the scripts: Open MPI as root and with more ranks than cores, and Debian's python.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1

# Another python3 may come first on PATH without h5py.
python=python3
for candidate in /usr/bin/python3 python3; do
  if "$candidate" -c 'import h5py, matplotlib' 2>/dev/null; then
    python=$candidate
    break
  fi
done
export python
