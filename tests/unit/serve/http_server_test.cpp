#include "serve/http_server.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "matchers.hpp"

namespace reelhouse::serve {
namespace {

using namespace std::chrono_literals;

/// A client's end of a connection.
class Client {
 public:
  explicit Client(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      throw std::runtime_error("cannot connect");
    timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~Client() { close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool send(const std::string& text) {
    return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  /// Reads until the text has come, or the connection ended.
  std::string read_until(const std::string& wanted) {
    char piece[4096];
    while (got_.find(wanted) == std::string::npos) {
      const ssize_t count = ::recv(socket_, piece, sizeof piece, 0);
      if (count <= 0) break;
      got_.append(piece, static_cast<size_t>(count));
    }
    return std::exchange(got_, "");
  }
  std::string read_all() { return read_until("no such text"); }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }

 private:
  int socket_;
  std::string got_;
};

constexpr const char* kGet = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A server with a handler of the test's, on a free port.
class Running {
 public:
  explicit Running(Handler handler, ServerLimits limits = {}, std::chrono::milliseconds time = 30s) {
    ServerHooks hooks;
    hooks.handle = std::move(handler);
    hooks.time_for = [time](const Request&) { return time; };
    hooks.done = [this](const Exchange& exchange) {
      const std::lock_guard lock(mutex_);
      done_.push_back(exchange);
    };
    auto listening = HttpServer::listen(parse_address("127.0.0.1:0").value(), limits, std::move(hooks));
    if (!listening) throw std::runtime_error(listening.error().to_string());
    server_ = std::move(*listening);
    thread_ = std::thread([this] { server_->run(); });
  }
  ~Running() { stop(); }
  void stop() {
    server_->stop();
    if (thread_.joinable()) thread_.join();
  }
  uint16_t port() const { return server_->address().port; }
  HttpServer& server() { return *server_; }
  std::vector<int> statuses() {
    const std::lock_guard lock(mutex_);
    std::vector<int> all;
    for (const auto& exchange : done_) all.push_back(exchange.status);
    return all;
  }
  bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 500; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

 private:
  std::mutex mutex_;
  std::vector<Exchange> done_;
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
};

/// Answers at once with what it was asked.
void echo(Request request, const std::shared_ptr<Cancel>&, const Respond& respond) {
  Response response;
  response.type = "text/plain";
  response.body = request.method + " " + request.path;
  for (const auto& [name, value] : request.parameters) response.body += " " + name + "=" + value;
  if (!request.body.empty()) response.body += " " + std::to_string(request.body.size());
  response.set("X-Note", "a\r\nInjected: b");
  respond(std::move(response));
}

TEST(HttpServer, AnswersOneRequestAfterTheOther) {
  Running running(echo);
  Client client(running.port());
  ASSERT_TRUE(client.send("GET /a%20b?q=1%262&empty HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const std::string first = client.read_until("q=1&2");
  EXPECT_THAT(first, testing::StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(first, testing::HasSubstr("GET /a b empty= q=1&2"));
  EXPECT_THAT(first, testing::HasSubstr("Connection: keep-alive"));
  EXPECT_THAT(first, testing::Not(testing::HasSubstr("\r\nInjected:")));
  ASSERT_TRUE(client.send("POST /b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"));
  EXPECT_THAT(client.read_until("POST /b 5"), testing::HasSubstr("POST /b 5"));
  ASSERT_TRUE(client.send("HEAD /c HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
  const std::string head = client.read_all();
  EXPECT_THAT(head, testing::HasSubstr("Content-Length: 7"));
  EXPECT_THAT(head, testing::EndsWith("\r\n\r\n"));
}

TEST(HttpServer, AnswersRequestsThatWereSentTogether) {
  Running running(echo);
  Client client(running.port());
  std::string all;
  for (int i = 0; i < 50; ++i) all += fmt::format("GET /n{} HTTP/1.1\r\nHost: localhost\r\n\r\n", i);
  ASSERT_TRUE(client.send(all));
  const std::string got = client.read_until("GET /n49");
  size_t at = 0;
  for (int i = 0; i < 50; ++i) {
    at = got.find(fmt::format("GET /n{}", i), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST(HttpServer, RefusesWhatIsTooLarge) {
  ServerLimits limits;
  limits.body_bytes = 1000;
  Running running(echo, limits);
  const auto answer_to = [&](const std::string& text) {
    Client client(running.port());
    client.send(text);
    return client.read_all().substr(0, 12);
  };
  EXPECT_EQ(answer_to("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"), "HTTP/1.1 413");
  EXPECT_EQ(answer_to("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n500\r\n" +
                      std::string(0x500, 'x') + "\r\n0\r\n\r\n"),
            "HTTP/1.1 413");
  EXPECT_EQ(answer_to("GET / HTTP/1.1\r\nX: " + std::string(17000, 'x') + "\r\n\r\n"), "HTTP/1.1 431");
  EXPECT_EQ(answer_to("GET /" + std::string(66000, 'x') + " HTTP/1.1\r\n\r\n"), "HTTP/1.1 414");
  EXPECT_EQ(answer_to("GET / HTTP/1.1\r\nX: " + std::string(200000, 'x') + "\r\n\r\n"), "HTTP/1.1 431");
  EXPECT_EQ(answer_to("nonsense\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(answer_to("GET /%f HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 400");
}

TEST(HttpServer, CancelsTheWorkForAClientThatGoesAway) {
  std::promise<std::shared_ptr<Cancel>> asked;
  Running running([&](Request, std::shared_ptr<Cancel> cancel, const Respond&) { asked.set_value(cancel); });
  Client client(running.port());
  client.send(kGet);
  const auto cancel = asked.get_future().get();
  EXPECT_FALSE(cancel->cancelled());
  client.close();
  EXPECT_TRUE(running.eventually([&] { return cancel->cancelled(); }));
  EXPECT_TRUE(running.eventually([&] { return running.statuses() == std::vector<int>{499}; }));
  EXPECT_TRUE(running.eventually([&] { return running.server().connections() == 0; }));
}

TEST(HttpServer, EndsWorkThatTakesTooLongAndIgnoresItsLateAnswer) {
  std::promise<std::pair<std::shared_ptr<Cancel>, Respond>> asked;
  Running running(
      [&](Request, std::shared_ptr<Cancel> cancel, Respond respond) {
        asked.set_value({std::move(cancel), std::move(respond)});
      },
      {}, 100ms);
  Client client(running.port());
  client.send(kGet);
  const auto [cancel, respond] = asked.get_future().get();
  EXPECT_THAT(client.read_until("}}"), testing::StartsWith("HTTP/1.1 504"));
  EXPECT_TRUE(cancel->cancelled());
  Response late;
  late.body = "late";
  respond(late);
  running.stop();
  EXPECT_THAT(client.read_all(), testing::Not(testing::HasSubstr("late")));
}

TEST(HttpServer, TakesAnswersFromOtherThreads) {
  std::vector<std::thread> threads;
  Running running([&](Request request, std::shared_ptr<Cancel>, Respond respond) {
    threads.emplace_back([request, respond] {
      std::this_thread::sleep_for(5ms);
      Response response;
      response.body = std::string(3'000'000, 'x') + request.path;
      respond(std::move(response));
    });
  });
  Client client(running.port());
  for (int i = 0; i < 3; ++i) {
    client.send(fmt::format("GET /end{} HTTP/1.1\r\nHost: x\r\n\r\n", i));
    const std::string got = client.read_until(fmt::format("/end{}", i));
    EXPECT_GT(got.size(), 3'000'000);
    EXPECT_EQ(got.find('x'), got.find("\r\n\r\n") + 4);
  }
  for (auto& thread : threads) thread.join();
}

TEST(HttpServer, CutsOffSlowClients) {
  ServerLimits limits;
  limits.headers = 300ms;
  limits.body = 300ms;
  limits.idle = 300ms;
  Running running(echo, limits);
  Client headers(running.port());
  headers.send("GET / HT");
  Client body(running.port());
  body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  Client silent(running.port());
  Client idle(running.port());
  idle.send(kGet);
  EXPECT_THAT(headers.read_all(), testing::StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(body.read_all(), testing::StartsWith("HTTP/1.1 408"));
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_THAT(idle.read_all(), testing::StartsWith("HTTP/1.1 200"));
  EXPECT_TRUE(running.eventually([&] { return running.server().connections() == 0; }));
}

TEST(HttpServer, RefusesConnectionsBeyondTheirNumber) {
  ServerLimits limits;
  limits.connections = 3;
  Running running(echo, limits);
  std::vector<std::unique_ptr<Client>> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(std::make_unique<Client>(running.port()));
    held.back()->send(kGet);
    held.back()->read_until("GET /x");
  }
  Client refused(running.port());
  EXPECT_THAT(refused.read_all(), testing::StartsWith("HTTP/1.1 503"));
  held.pop_back();
  EXPECT_TRUE(running.eventually([&] { return running.server().connections() == 2; }));
  Client taken(running.port());
  taken.send(kGet);
  EXPECT_THAT(taken.read_until("GET /x"), testing::StartsWith("HTTP/1.1 200"));
}

TEST(HttpServer, SendsEventsToAllStreams) {
  ServerLimits limits;
  limits.keep_alive = 300ms;
  Running running(
      [](Request, const std::shared_ptr<Cancel>&, const Respond& respond) {
        Response response;
        response.type = "text/event-stream";
        response.body = "data: hello\n\n";
        response.events = true;
        respond(std::move(response));
      },
      limits);
  Client one(running.port());
  Client two(running.port());
  for (Client* client : {&one, &two}) {
    client->send(kGet);
    const std::string first = client->read_until("hello\n\n");
    EXPECT_THAT(first, testing::HasSubstr("Content-Type: text/event-stream"));
    EXPECT_THAT(first, testing::Not(testing::HasSubstr("Content-Length")));
  }
  EXPECT_EQ(running.server().event_streams(), 2);
  running.server().broadcast("data: news\n\n");
  for (Client* client : {&one, &two})
    EXPECT_THAT(client->read_until("news"), testing::HasSubstr("data: news\n\n"));
  EXPECT_THAT(one.read_until("here"), testing::HasSubstr(": still here\n\n"));
  one.close();
  EXPECT_TRUE(running.eventually([&] { return running.server().event_streams() == 1; }));
  running.stop();
  EXPECT_EQ(running.server().event_streams(), 0);
}

TEST(HttpServer, LetsRunningWorkEndWhenItStops) {
  std::promise<Respond> asked;
  Running running(
      [&](Request, std::shared_ptr<Cancel>, Respond respond) { asked.set_value(std::move(respond)); });
  Client working(running.port());
  Client idle(running.port());
  working.send(kGet);
  const Respond respond = asked.get_future().get();
  running.server().stop();
  EXPECT_EQ(idle.read_all(), "");
  Response response;
  response.body = "finished";
  respond(std::move(response));
  EXPECT_THAT(working.read_all(), testing::EndsWith("finished"));
  EXPECT_THROW(Client(running.port()), std::runtime_error);
}

TEST(HttpServer, NamesATakenPort) {
  Running running(echo);
  const auto second = HttpServer::listen(running.server().address(), {}, {});
  EXPECT_THAT(second, IsError(ErrorKind::kBusy, HasMessage(std::to_string(running.port()))));
}

/// Answers with pieces that the test adds to.
struct Piecewise {
  std::shared_ptr<Pieces> pieces = std::make_shared<Pieces>();
  std::atomic<int> cancelled = 0;
  Handler handler() {
    return [this](const Request&, const std::shared_ptr<Cancel>& cancel, const Respond& respond) {
      cancel->set_hook([this] { ++cancelled; });
      Response response;
      response.type = "text/plain";
      response.pieces = pieces;
      respond(std::move(response));
    };
  }
};

TEST(HttpServer, SendsABodyWhileItIsMade) {
  Piecewise made;
  Running server(made.handler());
  Client client(server.port());
  client.send(kGet);
  EXPECT_THAT(client.read_until("\r\n\r\n"), testing::HasSubstr("Transfer-Encoding: chunked\r\n"));
  made.pieces->add("one");
  EXPECT_THAT(client.read_until("one\r\n"), testing::HasSubstr("3\r\none\r\n"));
  made.pieces->add("two and more");
  made.pieces->end();
  made.pieces->add("too late");
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "c\r\ntwo and more\r\n0\r\n\r\n");
  // The connection is kept for the next request.
  made.pieces = std::make_shared<Pieces>();
  made.pieces->end();
  client.send(kGet);
  EXPECT_THAT(client.read_until("0\r\n\r\n"), testing::HasSubstr("200 OK"));
  EXPECT_EQ(made.cancelled, 0);
}

TEST(HttpServer, EndsABodyForAnOldClientByClosing) {
  Piecewise made;
  Running server(made.handler());
  Client client(server.port());
  client.send("GET /x HTTP/1.0\r\nHost: localhost\r\n\r\n");
  made.pieces->add("one");
  made.pieces->end();
  const std::string got = client.read_all();
  EXPECT_THAT(got, testing::EndsWith("\r\n\r\none"));
  EXPECT_THAT(got, testing::Not(testing::HasSubstr("chunked")));
}

TEST(HttpServer, CancelsABodyWhoseClientHasGone) {
  Piecewise made;
  Running server(made.handler());
  Client client(server.port());
  client.send(kGet);
  client.read_until("\r\n\r\n");
  client.close();
  for (int i = 0; i < 500 && made.cancelled == 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_GE(made.cancelled, 1);
}

TEST(HttpServer, CancelsABodyThatTakesTooLong) {
  Piecewise made;
  Running server(made.handler(), {}, 300ms);
  Client client(server.port());
  client.send(kGet);
  client.read_until("\r\n\r\n");
  for (int i = 0; i < 500 && made.cancelled == 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(made.cancelled, 1);
  made.pieces->add("why");
  made.pieces->end();
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "3\r\nwhy\r\n0\r\n\r\n");
}

}  // namespace
}  // namespace reelhouse::serve
