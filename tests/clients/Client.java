// Java's own client of HTTP, over TLS: Client VERSION ALPN-HOST-URL COUNT PARALLEL [BYTES]
// A line for each response: version, status, bytes, and whether they are those that were sent.
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;

class Client {
	public static void main(String[] args) throws Exception {
		HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.valueOf(args[0]))
				.connectTimeout(Duration.ofSeconds(20)).build();
		int count = Integer.parseInt(args[2]);
		Semaphore parallel = new Semaphore(Integer.parseInt(args[3]));
		byte[] body = args.length > 4 ? new byte[Integer.parseInt(args[4])] : null;
		List<CompletableFuture<Void>> all = new ArrayList<>();

		if (body != null)
			new Random(1).nextBytes(body);
		for (int i = 0; i < count; i++) {
			HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(args[1])).timeout(Duration.ofSeconds(60));

			// every other upload without a length
			if (body != null && i % 2 == 0)
				request.POST(HttpRequest.BodyPublishers.ofByteArray(body));
			else if (body != null)
				request.POST(HttpRequest.BodyPublishers.fromPublisher(HttpRequest.BodyPublishers.ofByteArray(body)));
			parallel.acquire();
			all.add(client.sendAsync(request.build(), HttpResponse.BodyHandlers.ofByteArray()).handle((r, failure) -> {
				parallel.release();
				System.out.println(failure != null ? "failed " + failure
						: r.version() + " " + r.statusCode() + " " + r.body().length
								+ (body == null || Arrays.equals(body, r.body()) ? " same" : " different"));
				return null;
			}));
		}
		for (CompletableFuture<Void> one : all)
			one.join();
	}
}
