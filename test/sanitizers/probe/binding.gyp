{
  "targets": [
    {
      "target_name": "probe",
      "defines": ["NAPI_VERSION=9"],
      "sources": ["probe.cc"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": ["-std=c++20", "-Wall", "-Wextra", "-fvisibility=hidden"],
      "ldflags": ["-Wl,-z,nodelete"]
    }
  ]
}
