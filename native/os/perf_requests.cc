// Finding an event's row, and its parts.
#include "os/perf_requests.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "os/kernel_text.h"
#include "os/perf_kernel.h"

namespace nanotally {
namespace {

// arm64: a counter of 64 bits, and readable by the thread itself: `long` and `rdpmc` in the PMU's
// format.
constexpr std::string_view kUserReadTerms = "long=1,rdpmc=1";
constexpr std::string_view kShortUserReadTerms = "rdpmc=1";

// A generic event of one of several kinds of core (PERF_PMU_TYPE_SHIFT, Linux 5.13).
constexpr unsigned kPmuTypeShift = 32;

// "uncore_imc" and "uncore_imc_3", not "uncore_imc_free_running_0".
bool IsOfFamily(std::string_view name, std::string_view family) {
  if (!name.starts_with(family)) return false;
  name.remove_prefix(family.size());
  if (name.empty()) return true;
  if (name.front() != '_' || name.size() == 1) return false;
  return std::all_of(name.begin() + 1, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsListedName(std::string_view terms) { return terms.find('=') == std::string_view::npos; }

class Maker {
 public:
  Maker(std::span<const Pmu> pmus, const PerfEvent& event) : pmus_(pmus), event_(event) {}

  // Nothing where the PMUs that are there know not what the row asks for.
  [[nodiscard]] std::optional<PerfRequest> Make(const PerfEncoding& row) const {
    if (row.pmu == kNoPmu) return Refusal(row);
    if (row.pmu == kSoftwarePmu) return OfSoftware(row);
    if (row.pmu == kGenericPmu) return OfGeneric(row);
    PerfRequest request;
    for (const Pmu& pmu : pmus_) {
      const bool asked = row.pmu == kCorePmu ? pmu.is_core : IsOfFamily(pmu.name, row.pmu);
      if (!asked) continue;
      if (!AddParts(request, pmu, row)) {
        if (row.pmu == kCorePmu) return std::nullopt;
        continue;
      }
      if (row.pmu == kCorePmu) AddEncoding(request, pmu.name + "/" + std::string(row.terms) + "/");
    }
    if (request.parts.empty()) return std::nullopt;
    if (row.pmu != kCorePmu)
      request.encoding = std::string(row.pmu) + "/" + std::string(row.terms) + "/";
    request.source = row.source;
    return request;
  }

  // Of rows that are each for one kind of core: all kinds that are there, or nothing.
  [[nodiscard]] std::optional<PerfRequest> MakeOfKinds(std::span<const PerfEncoding> rows) const {
    PerfRequest request;
    for (const Pmu& pmu : pmus_) {
      if (!pmu.is_core) continue;
      const auto row = std::ranges::find_if(
          rows, [&](const PerfEncoding& r) { return r.event == event_.name && r.pmu == pmu.name; });
      if (row == rows.end() || !AddParts(request, pmu, *row)) return std::nullopt;
      AddEncoding(request, pmu.name + "/" + std::string(row->terms) + "/");
      request.source = row->source;
    }
    if (request.parts.empty()) return std::nullopt;
    return request;
  }

 private:
  static PerfRequest Refusal(const PerfEncoding& row) {
    PerfRequest request;
    request.reason = row.terms;
    request.message = row.source;
    return request;
  }

  static std::optional<PerfRequest> OfSoftware(const PerfEncoding& row) {
    const GenericEvent* generic = FindGenericEvent(row.terms);
    if (generic == nullptr) return std::nullopt;
    PerfRequest request;
    PerfPart& part = request.parts.emplace_back();
    part.type = part.pmu = generic->type;
    part.config = generic->config;
    request.encoding = "software/" + std::string(row.terms) + "/";
    request.source = row.source;
    return request;
  }

  // Also where no PMU is listed: the kernel then says what it thinks of it.
  [[nodiscard]] std::optional<PerfRequest> OfGeneric(const PerfEncoding& row) const {
    const auto cores = std::ranges::count_if(pmus_, &Pmu::is_core);
    PerfRequest request;
    request.encoding = row.terms;
    request.source = row.source;
    for (std::string_view rest = row.terms; !rest.empty();) {
      const GenericEvent* generic = FindGenericEvent(TakeUntil(rest, '+'));
      if (generic == nullptr) return std::nullopt;
      const auto add = [&](std::uint64_t pmu_type, std::uint32_t pmu) {
        PerfPart& part = request.parts.emplace_back();
        part.type = generic->type;
        part.config = pmu_type << kPmuTypeShift | generic->config;
        part.pmu = pmu;
      };
      if (cores < 2) {
        add(0, kPerfRaw);
        continue;
      }
      for (const Pmu& pmu : pmus_)
        if (pmu.is_core) add(pmu.type, pmu.type);
    }
    return request;
  }

  static void AddEncoding(PerfRequest& request, const std::string& encoding) {
    if (!request.encoding.empty()) request.encoding += " + ";
    request.encoding += encoding;
  }

  bool AddParts(PerfRequest& request, const Pmu& pmu, const PerfEncoding& row) const {
    std::vector<PerfPart> parts;
    for (std::string_view rest = row.terms; !rest.empty();) {
      std::string_view terms = TakeUntil(rest, '+');
      PerfPart part;
      part.factor = row.factor;
      if (IsListedName(terms)) {
        const auto listed = pmu.events.find(terms);
        if (listed == pmu.events.end()) return false;
        terms = listed->second.terms;
        if (listed->second.bytes) part.factor = *listed->second.bytes / event_.scale;
      }
      const auto config = EncodePmuTerms(pmu, terms);
      if (!config) return false;
      part.type = part.pmu = pmu.type;
      part.config = config->words[0];
      part.config1 = config->words[1];
      part.config2 = config->words[2];
      if (pmu.is_core) {
        if (const auto user = EncodePmuTerms(pmu, kUserReadTerms))
          part.user_config1 = user->words[1];
        if (const auto user = EncodePmuTerms(pmu, kShortUserReadTerms))
          part.short_user_config1 = user->words[1];
      } else {
        part.cpus = pmu.cpus;
      }
      parts.push_back(std::move(part));
    }
    request.parts.insert(request.parts.end(), parts.begin(), parts.end());
    return true;
  }

  std::span<const Pmu> pmus_;
  const PerfEvent& event_;
};

}  // namespace

PerfRequest MakePerfRequest(std::span<const Pmu> pmus, std::span<const EncodingTable> tables,
                            const PerfEvent& event) {
  const Maker maker(pmus, event);
  bool has_row = false;
  for (const auto& [title, rows] : tables) {
    for (const PerfEncoding& row : rows) {
      if (row.event != event.name) continue;
      has_row = true;
      const bool is_of_kind = row.pmu.starts_with("cpu_");
      auto request = is_of_kind ? maker.MakeOfKinds(rows) : maker.Make(row);
      if (!request) continue;
      if (request->reason.empty())
        request->source =
            std::string(title) + (request->source.empty() ? "" : ", ") + request->source;
      return *std::move(request);
    }
  }
  PerfRequest none;
  if (has_row) none.reason = event.kind == PerfKind::kUncore ? "no_pmu" : "not_listed";
  return none;
}

}  // namespace nanotally
