// What all deadlines of the tests are multiplied with: an emulated processor is slow (scripts/portable-arm64.sh).
export const TIME_FACTOR = Number(process.env.NANOTALLY_TEST_TIME_FACTOR ?? 1)
