{
  "targets": [
    {
      "target_name": "engram",
      "sources": [
        "addon.cc", "cold_file.cc", "hnsw.cc", "hnsw_check.cc", "index_functions.cc", "kernels.cc", "memory_index.cc",
        "metrics.cc", "pool.cc", "segment.cc", "tool_functions.cc"
      ],
      # node-addon-api is the top folder's: the demo lives in its checkout.
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")", "../../../native/include"],
      # The last one: a worker may be terminated while it is in here, and then throws nothing any more.
      "defines": [
        "NAPI_VERSION=9",
        "NODE_ADDON_API_CPP_EXCEPTIONS",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "cflags_cc!": ["-fno-exceptions", "-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": ["-std=c++20", "-O2", "-Wall", "-Wextra", "-fvisibility=hidden", "-fno-gnu-unique"],
      "conditions": [
        # Indexes and pools outlive the environments that load it.
        ["OS=='linux'", { "ldflags": ["-Wl,-z,nodelete"] }],
        ["OS=='mac'", {
          "xcode_settings": {
            "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
            "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
            "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
            "MACOSX_DEPLOYMENT_TARGET": "13.3"
          }
        }],
        ["OS=='win'", { "msvs_settings": { "VCCLCompilerTool": { "ExceptionHandling": 1, "AdditionalOptions": ["/std:c++20"] } } }]
      ]
    }
  ]
}
