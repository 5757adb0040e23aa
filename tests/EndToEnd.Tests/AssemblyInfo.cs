using Xunit.Sdk;
using Xunit.v3;

// Each test runs an agent that sees the whole host: one at a time.
[assembly: Parallelization(Mode = ParallelMode.None)]
