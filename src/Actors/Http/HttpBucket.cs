namespace EbpfActors.Actors.Http;

/// <summary>What came for one bucket of one connection key.</summary>
internal record struct HttpBucket(HttpBucketKey Key, HttpTotals Totals);
