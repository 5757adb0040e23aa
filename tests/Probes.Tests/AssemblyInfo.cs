using Xunit;

[assembly: AssemblyFixture(typeof(TestRun))]
