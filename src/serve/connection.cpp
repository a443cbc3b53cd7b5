#include "serve/connection.hpp"

#include <sys/socket.h>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <utility>

#include "base/text.hpp"

namespace reelhouse::serve {
namespace {

namespace http = boost::beast::http;

constexpr size_t kPiece = size_t{256} << 10;  ///< of a body; the client has the write limit for each
constexpr size_t kEventsWaiting = 64;         ///< of a slow reader, which is then cut off
constexpr size_t kLingerBytes = size_t{4} << 20;
constexpr auto kLinger = std::chrono::seconds(2);

/// True when the client is gone, rather than what it sent wrong.
bool is_of_socket(Code code) {
  return code && (code == http::error::end_of_stream || code == http::error::partial_message ||
                  code == asio::error::eof || code.category() == asio::error::get_system_category());
}

}  // namespace

struct Connection::Inbox {
  boost::beast::flat_buffer buffer;
  std::optional<http::request_parser<http::string_body>> parser;
};

Connection::Connection(Core& core, tcp::socket socket, uint64_t number, std::string peer)
    : core_(core),
      socket_(std::move(socket)),
      number_(number),
      peer_(std::move(peer)),
      inbox_(std::make_unique<Inbox>()) {}

Connection::~Connection() = default;

void Connection::close() {
  if (state_ == State::kClosed) return;
  if (state_ == State::kEvents) --core_.streams;
  if (busy_) report(state_ == State::kHandling || state_ == State::kPieces ? 499 : response_.status);
  state_ = State::kClosed;
  ++turn_;
  if (response_.pieces) response_.pieces->set_news({});
  if (cancel_) std::exchange(cancel_, nullptr)->cancel();
  Code ignored;
  socket_.close(ignored);
  --core_.open;
  core_.connections.erase(number_);
}

void Connection::report(int status) {
  busy_ = false;
  if (!core_.hooks.done) return;
  const std::chrono::duration<double> took = now() - began_;
  core_.hooks.done({request_.method, request_.path, peer_, status, sent_, took.count(), response_.questions});
}

// ---- reading

void Connection::wait_for_request(std::chrono::milliseconds patience) {
  state_ = State::kIdle;
  ++turn_;
  deadline_ = now() + patience;
  inbox_->parser.reset();
  if (inbox_->buffer.size() > 0) return readable({});
  inbox_->buffer = {};
  socket_.async_wait(tcp::socket::wait_read, then(&Connection::readable));
}

void Connection::readable(Code code) {
  if (code || core_.draining) return close();
  state_ = State::kHeaders;
  deadline_ = now() + core_.limits.headers;
  request_ = {};
  response_ = {};
  sent_ = 0;
  keep_ = false;
  inbox_->parser.emplace();
  inbox_->parser->header_limit(static_cast<uint32_t>(core_.limits.header_bytes + core_.limits.target_bytes));
  inbox_->parser->body_limit(core_.limits.body_bytes);
  http::async_read_header(socket_, inbox_->buffer, *inbox_->parser, then(&Connection::headers_read));
}

void Connection::headers_read(Code code, size_t) {
  began_ = now();
  if (code == http::error::header_limit || code == http::error::buffer_overflow)
    return refuse(431, "the header is too long");
  if (code == http::error::body_limit) return refuse(413, "the body is larger than 1 MB");
  if (is_of_socket(code)) return close();
  if (code) return refuse(400, "this is no HTTP request: " + code.message());
  const auto& message = inbox_->parser->get();
  if (message.target().size() > core_.limits.target_bytes) return refuse(414, "the address is too long");
  size_t header_bytes = 0;
  for (const auto& field : message) header_bytes += field.name_string().size() + field.value().size() + 4;
  if (header_bytes > core_.limits.header_bytes) return refuse(431, "the header is too long");
  if (message.count(http::field::content_length) > 1 || message.count(http::field::host) > 1)
    return refuse(400, "Content-Length or Host is there twice");
  if (message.count(http::field::transfer_encoding) > 0 && !message.chunked())
    return refuse(501, "this transfer encoding is not understood");
  if (inbox_->parser->is_done()) return handle();
  state_ = State::kBody;
  deadline_ = now() + core_.limits.body;
  if (message[http::field::expect] == "100-continue") {
    static const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    socket_.send(asio::buffer(go_on), 0, code);
  }
  http::async_read(socket_, inbox_->buffer, *inbox_->parser, then(&Connection::body_read));
}

void Connection::body_read(Code code, size_t) {
  if (code == http::error::body_limit) return refuse(413, "the body is larger than 1 MB");
  if (is_of_socket(code)) return close();
  if (code) return refuse(400, "the body cannot be read: " + code.message());
  handle();
}

/// Answers what could not be read as a request, and ends the connection.
void Connection::refuse(int status, const std::string& message) {
  if (inbox_->parser) {
    request_.method = std::string(inbox_->parser->get().method_string());
    const auto target = inbox_->parser->get().target();
    request_.path = std::string(target.substr(0, std::min(target.find('?'), size_t{200})));
  }
  busy_ = true;
  keep_ = false;
  answer(error_response(status, {ErrorKind::kUsage, message, "", ""}));
}

bool Connection::fill_request() {
  auto message = inbox_->parser->release();
  request_.method = std::string(message.method_string());
  request_.peer = peer_;
  request_.connection = number_;
  std::string_view target(message.target().data(), message.target().size());
  std::string authority;  // of an address in full, which then counts instead of Host
  if (const size_t scheme = target.find("://"); scheme != std::string_view::npos && target[0] != '/') {
    const size_t path = target.find('/', scheme + 3);
    authority = target.substr(scheme + 3, path == std::string_view::npos ? path : path - scheme - 3);
    target = path == std::string_view::npos ? "/" : target.substr(path);
  }
  const size_t question = target.find('?');
  const bool good =
      decode_percent(target.substr(0, question), false, request_.path) &&
      (question == std::string_view::npos || parse_form(target.substr(question + 1), request_.parameters)) &&
      request_.path.starts_with('/') && request_.path.find('\0') == std::string::npos;
  for (const auto& field : message) {
    const auto sent = field.name_string();
    const std::string name = lower({sent.data(), sent.size()});
    std::string& value = request_.headers[name];
    if (!value.empty()) value += name == "cookie" ? "; " : ", ";
    value += std::string(field.value());
  }
  if (!authority.empty()) request_.headers["host"] = authority;
  request_.body = std::move(message.body());
  return good;
}

// ---- working

void Connection::handle() {
  keep_ = inbox_->parser->get().keep_alive() && !core_.draining;
  busy_ = true;
  old_ = inbox_->parser->get().version() < 11;
  const bool good = fill_request();
  inbox_->parser.reset();
  if (!good) {
    keep_ = false;
    return answer(error_response(400, {ErrorKind::kUsage, "the address has a broken % escape", "", ""}));
  }
  state_ = State::kHandling;
  const uint64_t turn = ++turn_;
  answer_by_ = deadline_ = now() + core_.hooks.time_for(request_);
  cancel_ = std::make_shared<Cancel>();
  auto respond = [self = shared_from_this(), turn](Response response) {
    auto kept = std::make_shared<Response>(std::move(response));
    asio::dispatch(self->core_.io, [self, turn, kept] {
      if (self->state_ == State::kHandling && self->turn_ == turn) self->answer(std::move(*kept));
    });
  };
  Request copy = request_;
  request_.body.clear();
  core_.hooks.handle(std::move(copy), cancel_, std::move(respond));
  if (state_ == State::kHandling && turn_ == turn) watch_client();
}

/// Waits for the client to go away while its answer is being made.
void Connection::watch_client() {
  if (inbox_->buffer.size() == 0) socket_.async_wait(tcp::socket::wait_read, then(&Connection::client_moved));
}

void Connection::client_moved(Code code) {
  char letter = 0;
  if (!code) {
    const ssize_t got = ::recv(socket_.native_handle(), &letter, 1, MSG_PEEK | MSG_DONTWAIT);
    // It sent its next request already: that has to wait, and so has the news of its going away.
    if (got > 0) return;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
      return socket_.async_wait(tcp::socket::wait_read, then(&Connection::client_moved));
  }
  close();
}

// ---- answering

void Connection::answer(Response response) {
  ++turn_;  // the wait for the client, if there is one, has lost its meaning
  Code ignored;
  if (state_ == State::kHandling) socket_.cancel(ignored);
  state_ = State::kWriting;
  response_ = std::move(response);
  if (!response_.pieces) cancel_.reset();
  if (core_.hooks.decorate) core_.hooks.decorate(response_);
  if (core_.draining) keep_ = false;
  if (response_.events) return begin_events();
  if (response_.pieces) return begin_pieces();
  write_head();
}

void Connection::write_head() {
  const bool bare = response_.status == 304 || response_.status == 204;
  const std::string_view content = response_.content();
  head_ = fmt::format("HTTP/1.1 {} {}\r\n", response_.status, reason_of(response_.status));
  if (!response_.type.empty() && !bare) head_ += fmt::format("Content-Type: {}\r\n", response_.type);
  if (response_.events || (response_.pieces && old_))
    keep_ = false;
  else if (response_.pieces)
    head_ += "Transfer-Encoding: chunked\r\n";
  else if (!bare)
    head_ += fmt::format("Content-Length: {}\r\n", content.size());
  for (const auto& [name, value] : response_.headers) {
    std::string clean = value;
    std::erase_if(clean, [](unsigned char letter) { return letter < ' ' || letter == 127; });
    head_ += fmt::format("{}: {}\r\n", name, clean);
  }
  head_ += keep_ ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  if (response_.pieces) return;
  deadline_ = now() + core_.limits.write;
  if (response_.events) return;
  if (bare || request_.method == "HEAD") {
    response_.body.clear();
    response_.fixed = {};
  }
  const auto first = response_.content().substr(0, kPiece);
  sent_ = 0;
  const std::array<asio::const_buffer, 2> pieces = {asio::buffer(head_),
                                                    asio::buffer(first.data(), first.size())};
  asio::async_write(socket_, pieces, [self = shared_from_this(), turn = turn_](Code code, size_t bytes) {
    if (self->turn_ != turn || self->state_ == State::kClosed) return;
    self->piece_written(code, bytes - std::min(bytes, self->head_.size()));
  });
}

void Connection::write_piece() {
  const auto piece = response_.content().substr(sent_, kPiece);
  deadline_ = now() + core_.limits.write;
  asio::async_write(socket_, asio::buffer(piece.data(), piece.size()), then(&Connection::piece_written));
}

void Connection::piece_written(Code code, size_t bytes) {
  sent_ += bytes;
  if (code) return close();
  if (sent_ < response_.content().size()) return write_piece();
  end_exchange();
}

void Connection::end_exchange() {
  report(response_.status);
  response_ = {};
  head_ = {};
  if (!keep_) return linger();
  wait_for_request(core_.limits.idle);
}

/// Ends a connection so that the last answer arrives although more is being sent: a close at once would
/// discard it at the client's end.
void Connection::linger() {
  state_ = State::kLingering;
  deadline_ = now() + kLinger;
  sent_ = 0;
  Code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  socket_.async_read_some(asio::buffer(discarded_), then(&Connection::lingered));
}

void Connection::lingered(Code code, size_t bytes) {
  sent_ += bytes;
  if (code || sent_ > kLingerBytes) return close();
  socket_.async_read_some(asio::buffer(discarded_), then(&Connection::lingered));
}

// ---- a body that is sent while it is made

void Connection::begin_pieces() {
  state_ = State::kPieces;
  writing_ = false;
  ended_ = false;
  write_head();
  deadline_ = answer_by_;
  // Posted, not called: whoever has news holds a lock.
  response_.pieces->set_news([self = shared_from_this(), turn = turn_] {
    asio::post(self->core_.io, [self, turn] {
      if (self->turn_ == turn && self->state_ == State::kPieces) self->write_pieces();
    });
  });
  watch_client();
  write_pieces();
}

void Connection::write_pieces() {
  if (writing_) return;
  auto taken = response_.pieces->take(kPiece);
  sent_ += taken.text.size();
  ended_ = taken.ended;
  if (old_) {
    head_ += taken.text;
  } else {
    if (!taken.text.empty()) head_ += fmt::format("{:x}\r\n{}\r\n", taken.text.size(), taken.text);
    if (ended_) head_ += "0\r\n\r\n";
  }
  if (head_.empty() && !ended_) return;
  writing_ = true;
  deadline_ = now() + core_.limits.write;
  asio::async_write(socket_, asio::buffer(head_), then(&Connection::pieces_written));
}

void Connection::pieces_written(Code code, size_t) {
  if (code) return close();
  writing_ = false;
  head_.clear();
  deadline_ = answer_by_;
  if (!ended_) return write_pieces();
  response_.pieces->set_news({});
  if (cancel_) std::exchange(cancel_, nullptr)->set_hook({});
  ++turn_;  // the wait for the client has lost its meaning
  Code ignored;
  socket_.cancel(ignored);
  if (core_.draining) keep_ = false;
  end_exchange();
}

// ---- events

void Connection::begin_events() {
  state_ = State::kEvents;
  ++core_.streams;
  write_head();
  report(response_.status);
  auto first = std::make_shared<const std::string>(head_ + response_.body);
  response_ = {};
  inbox_->buffer = {};
  send_event(std::move(first));
  socket_.async_wait(tcp::socket::wait_read, then(&Connection::client_moved));
}

void Connection::send_event(std::shared_ptr<const std::string> event) {
  if (state_ != State::kEvents) return;
  if (events_.size() >= kEventsWaiting) return close();
  events_.push_back(std::move(event));
  if (events_.size() == 1) write_event();
}

void Connection::write_event() {
  event_sent_ = now();
  deadline_ = now() + core_.limits.write;
  asio::async_write(socket_, asio::buffer(*events_.front()), then(&Connection::event_written));
}

void Connection::event_written(Code code, size_t) {
  if (code) return close();
  events_.pop_front();
  if (!events_.empty()) write_event();
}

// ---- time

void Connection::tick(Instant time) {
  if (state_ == State::kEvents && events_.empty()) {
    static const auto comment = std::make_shared<const std::string>(": still here\n\n");
    if (time - event_sent_ > core_.limits.keep_alive) send_event(comment);
    return;
  }
  if (time < deadline_) return;
  switch (state_) {
    case State::kHeaders:
    case State::kBody: {
      Code ignored;
      ++turn_;
      socket_.cancel(ignored);
      return refuse(408, "the request did not arrive in time");
    }
    case State::kHandling: {
      if (cancel_) cancel_->cancel();
      return answer(error_response(504, {ErrorKind::kInterrupted, "the answer took too long, and was stopped",
                                         "Ask for less: a shorter period, fewer dimensions.", ""}));
    }
    case State::kPieces: {
      if (writing_ || !cancel_ || cancel_->cancelled()) return close();
      deadline_ = time + core_.limits.write;
      return cancel_->cancel();  // what makes the body ends it, and says why
    }
    default:
      close();
  }
}

void Connection::drain() {
  if (state_ == State::kIdle || state_ == State::kEvents || state_ == State::kHeaders) close();
}

}  // namespace reelhouse::serve
