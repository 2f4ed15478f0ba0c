{
  "variables": {
    "prebuilt%": 0
  },
  "targets": [
    {
      "target_name": "nanotally",
      "include_dirs": [".", "<!(node gyp-lists.js include-dirs)"],
      "defines": [
        "NAPI_VERSION=9",
        "NODE_ADDON_API_CPP_EXCEPTIONS",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "sources": ["<!@(node gyp-lists.js sources)"],
      "cflags!": ["-fno-exceptions"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": ["-std=c++20", "-O2", "-Wall", "-Wextra", "-fvisibility=hidden", "-fno-gnu-unique", "-ffp-contract=off"],
      "conditions": [
        ["OS=='linux'", {
          "ldflags": ["-Wl,-z,nodelete", "-Wl,--version-script=<(module_root_dir)/binding/exports.map"],
          "libraries": ["-ldl"]
        }],
        ["OS=='linux' and prebuilt==1", {
          "sources": ["<!@(node gyp-lists.js prebuilt-sources)"],
          "cflags_cc": ["-ffunction-sections", "-fdata-sections", "-g1"],
          "ldflags": [
            "-static-libstdc++",
            "-static-libgcc",
            "-Wl,--gc-sections",
            "<!@(node gyp-lists.js prebuilt-wraps)"
          ]
        }],
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
