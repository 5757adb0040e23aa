using Xunit.Sdk;
using Xunit.v3;

// Each test attaches to the whole host and counts what it finds there: one at a time.
[assembly: Parallelization(Mode = ParallelMode.None)]
