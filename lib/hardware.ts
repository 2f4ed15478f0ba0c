// The public API of nanotally/hardware.
export {}
