// Numbers in text: the shortest digits that read back as the same double, whatever the locale.
#include "render/number.h"

#include <gtest/gtest.h>

#include <bit>
#include <clocale>
#include <cstdlib>
#include <limits>
#include <locale>
#include <random>
#include <string>

namespace nanotally {
namespace {

std::string Text(double value) {
  std::string text;
  AppendNumber(text, value);
  return text;
}

TEST(AppendNumber, SpellsWhatIsNotFiniteAsPrometheusDoes) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Text(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(Text(-std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(Text(kInfinity), "+Inf");
  EXPECT_EQ(Text(-kInfinity), "-Inf");
}

TEST(AppendNumber, Goldens) {
  EXPECT_EQ(Text(0), "0");
  EXPECT_EQ(Text(-0.0), "-0");
  EXPECT_EQ(Text(1), "1");
  EXPECT_EQ(Text(-17), "-17");
  EXPECT_EQ(Text(0.1), "0.1");
  EXPECT_EQ(Text(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(Text(100000), "100000") << "counts are written out";
  EXPECT_EQ(Text(9007199254740991), "9007199254740991");  // 2^53 - 1
  EXPECT_EQ(Text(9007199254740992), "9007199254740992");  // 2^53
  EXPECT_EQ(Text(9007199254740994), "9007199254740994");
  EXPECT_EQ(Text(-9007199254740991), "-9007199254740991");
  EXPECT_EQ(Text(-9007199254740992), "-9007199254740992");
  EXPECT_EQ(Text(1e308), "1e+308");
  EXPECT_EQ(Text(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(Text(std::numeric_limits<double>::min()), "2.2250738585072014e-308");
  EXPECT_EQ(Text(-std::numeric_limits<double>::min()), "-2.2250738585072014e-308");
  EXPECT_EQ(Text(std::numeric_limits<double>::denorm_min()), "5e-324");
}

// The examples of OpenMetrics' "Canonical Numbers", and what Go's %g makes of others.
TEST(AppendCanonicalNumber, Goldens) {
  const auto text = [](double value) {
    std::string canonical;
    AppendCanonicalNumber(canonical, value);
    return canonical;
  };
  EXPECT_EQ(text(HUGE_VAL), "+Inf");
  for (const char* golden :
       {"0.0",     "0.001",    "0.002",   "0.01",   "0.1",          "0.9",      "0.95",
        "0.999",   "1.0",      "1.7",     "10.0",   "1e-10",        "1e-09",    "1e-05",
        "0.0001",  "100000.0", "1e+06",   "1e+10",  "1.234567e+06", "123456.0", "-2.5",
        "0.00012", "1.2e-05",  "2.5e+09", "1e+300", "5e-324",       "-0.0"}) {
    EXPECT_EQ(text(std::strtod(golden, nullptr)), golden);
  }
}

TEST(AppendNumber, AppendsToWhatIsThere) {
  std::string text = "x ";
  AppendNumber(text, 2.5);
  EXPECT_EQ(text, "x 2.5");
}

// Whether the text reads back as the very same double.
bool RoundTrips(double value) {
  const std::string text = Text(value);
  double back = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), back);
  return error == std::errc() && end == text.data() + text.size() &&
         std::bit_cast<std::uint64_t>(back) == std::bit_cast<std::uint64_t>(value);
}

TEST(AppendNumber, AMillionRandomDoublesReadBack) {
  std::mt19937_64 random(20251126);
  for (int checked = 0; checked < 1'000'000;) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    ASSERT_TRUE(RoundTrips(value)) << std::hexfloat << value;
    ++checked;
  }
}

TEST(AppendNumber, WholeNumbersAndSubnormalsReadBack) {
  std::mt19937_64 random(20251127);
  for (int i = 0; i < 200'000; ++i) {
    const auto whole = static_cast<double>(static_cast<std::int64_t>(random()) >> (random() % 64));
    ASSERT_TRUE(RoundTrips(whole)) << whole;
    const auto subnormal = std::bit_cast<double>(random() >> (12 + random() % 52));
    ASSERT_TRUE(RoundTrips(subnormal)) << std::hexfloat << subnormal;
  }
  for (double near = 0x1p53 - 8; near <= 0x1p53 + 16; near = std::nextafter(near, 0x1p60)) {
    ASSERT_TRUE(RoundTrips(near));
    ASSERT_TRUE(RoundTrips(-near));
  }
}

// Numbers of a comma locale would have these.
class CommaPunctuation final : public std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

TEST(AppendNumber, IgnoresTheCppLocale) {
  const std::locale before =
      std::locale::global(std::locale(std::locale::classic(), new CommaPunctuation));
  EXPECT_EQ(Text(1234.5), "1234.5");
  EXPECT_EQ(Text(1234567), "1234567");
  std::locale::global(before);
}

// Sets a C locale with a decimal comma: an installed one, or one that is built here from the
// system's sources.
bool SetCommaLocale() {
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "nl_NL.UTF-8", "de_DE"}) {
    if (std::setlocale(LC_ALL, name) != nullptr) return true;
  }
  const std::string folder = ::testing::TempDir() + "nanotally-locale";
  const std::string build = "mkdir -p '" + folder + "' && localedef -i de_DE -f UTF-8 '" + folder +
                            "/de_DE.UTF-8' >/dev/null 2>&1";
  // A warning of localedef's is a status of 1, so whether the locale can be set decides.
  if (std::system(build.c_str()) == -1) return false;
  setenv("LOCPATH", folder.c_str(), 1);
  return std::setlocale(LC_ALL, "de_DE.UTF-8") != nullptr;
}

TEST(AppendNumber, IgnoresTheCLocale) {
  if (!SetCommaLocale()) {
    GTEST_SKIP() << "no locale with a decimal comma is installed, and localedef cannot build one";
  }
  char printed[16];
  std::snprintf(printed, sizeof printed, "%.1f", 0.5);
  ASSERT_STREQ(printed, "0,5") << "the control: printf follows the locale";
  EXPECT_EQ(Text(0.5), "0.5");
  EXPECT_EQ(Text(1234567.25), "1234567.25");
  EXPECT_TRUE(RoundTrips(0.1));
  std::setlocale(LC_ALL, "C");
}

}  // namespace
}  // namespace nanotally
