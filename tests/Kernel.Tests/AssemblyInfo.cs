using EbpfActors.Kernel.Tests.Traffic;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

// Each test attaches to the kernel that all share, and counts what it finds there: one at a time.
[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: AssemblyFixture(typeof(TestRun))]
[assembly: AssemblyFixture(typeof(PrivateCgroup))]
