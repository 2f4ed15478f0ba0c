#!/usr/bin/env bash
# What npm runs after it packed: the checkout builds with node_modules/node-addon-api again.
rm -rf "$(dirname "${BASH_SOURCE[0]}")/../native/node-addon-api"
