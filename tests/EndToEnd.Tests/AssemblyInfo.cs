using EbpfActors.Kernel.Tests.Traffic;
using Xunit.Sdk;
using Xunit.v3;

// Each test runs an agent with hooks that are the kernel's as a whole: one at a time.
[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: AssemblyFixture(typeof(TestRun))]
[assembly: AssemblyFixture(typeof(PrivateCgroup))]
