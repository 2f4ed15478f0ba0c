# All that is about hardware, in a guest: sh run.sh SUITE...
# The native tests leave gtest's results in /tmp/results/native, the suites their counts in /tmp/results/suite.json. The
# suites run without libnuma, and that of the topology once more with it.
mkdir /tmp/results/native
ip link set lo up
# Counters may then be read without a system call; where there is no such setting, the processor's way is open anyway.
[ ! -e /proc/sys/kernel/perf_user_access ] || echo 1 >/proc/sys/kernel/perf_user_access
# Suites may change the kernel's settings.
export NANOTALLY_TEST_OWN_MACHINE=1
status=0
LD_LIBRARY_PATH=/opt/libnuma NANOTALLY_TEST_RSEQ=1 sh /run-native-tests.sh /tmp/results/native /tests || status=1
cd /app/test/guests/suite || exit 1
node run.mjs /tmp/results/suite.json "$@" || status=1
case " $* " in
  *' topology '*) LD_LIBRARY_PATH=/opt/libnuma node run.mjs /tmp/results/libnuma.json topology || status=1 ;;
esac
exit $status
