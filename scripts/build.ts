// Builds dist/: the kernels by AssemblyScript, then one bundle per process entry. Skips what is up to date.
export {}
