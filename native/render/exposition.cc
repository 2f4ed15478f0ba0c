// Content types, and the way to each format.
#include "render/exposition.h"

#include <array>
#include <string_view>

#include "render/name_escaping.h"
#include "render/open_metrics.h"
#include "render/protobuf.h"
#include "render/text_plain.h"

namespace nanotally {
namespace {

constexpr std::array<std::string_view, 5> kContentTypes = {
    "text/plain; version=0.0.4; charset=utf-8",
    "text/plain; version=1.0.0; charset=utf-8",
    "application/openmetrics-text; version=0.0.1; charset=utf-8",
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
};

}  // namespace

std::string ContentType(Exposition exposition) {
  std::string type(kContentTypes[static_cast<std::size_t>(exposition.format)]);
  return type.append("; escaping=").append(EscapingName(exposition.escaping));
}

void Render(const Snapshot& snapshot, Exposition exposition, std::string& body) {
  switch (exposition.format) {
    case Format::kText004:
    case Format::kText100:
      RenderTextPlain(snapshot, exposition.escaping, body);
      break;
    case Format::kOpenMetrics001:
    case Format::kOpenMetrics100:
      RenderOpenMetrics(snapshot, exposition.escaping, body);
      break;
    case Format::kProtobuf:
      RenderProtobuf(snapshot, exposition.escaping, body);
      break;
  }
}

}  // namespace nanotally
