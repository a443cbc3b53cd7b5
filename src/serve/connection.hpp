#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <deque>
#include <memory>
#include <unordered_map>

#include "serve/http_server.hpp"

namespace reelhouse::serve {

namespace asio = boost::asio;
using Code = boost::system::error_code;
using asio::ip::tcp;
using Instant = std::chrono::steady_clock::time_point;
inline Instant now() {
  return std::chrono::steady_clock::now();
}

class Connection;

/// What connections share.
struct Core {
  asio::io_context io{1};
  ServerLimits limits;
  ServerHooks hooks;
  std::unordered_map<uint64_t, std::shared_ptr<Connection>> connections;  // socket thread only
  std::atomic<size_t> open{0};
  std::atomic<size_t> streams{0};
  bool draining = false;
};

/// One client. All members are touched on the socket thread only.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Core& core, tcp::socket socket, uint64_t number, std::string peer);
  ~Connection();

  void start() { wait_for_request(core_.limits.headers); }
  void close();
  /// Ends what takes longer than it may.
  void tick(Instant time);
  /// Closes unless an answer is being made or sent.
  void drain();
  /// Sends bytes if this is an event stream; closes it when its reader is too slow.
  void send_event(std::shared_ptr<const std::string> event);

 private:
  enum class State { kIdle, kHeaders, kBody, kHandling, kWriting, kPieces, kEvents, kLingering, kClosed };

  struct Inbox;  ///< what was read and not yet used, and its parser

  /// Makes a completion handler that does nothing once the connection moved on.
  template <typename Then>
  auto then(Then next) {
    return [self = shared_from_this(), turn = turn_, next](Code code, auto&&... more) {
      if (self->turn_ == turn && self->state_ != State::kClosed) (self.get()->*next)(code, more...);
    };
  }

  void wait_for_request(std::chrono::milliseconds patience);
  void readable(Code code);
  void headers_read(Code code, size_t);
  void body_read(Code code, size_t);
  void refuse(int status, const std::string& message);
  bool fill_request();
  void handle();
  void watch_client();
  void client_moved(Code code);
  void answer(Response response);
  void write_head();
  void write_piece();
  void piece_written(Code code, size_t bytes);
  void begin_pieces();
  void write_pieces();
  void pieces_written(Code code, size_t bytes);
  void end_exchange();
  void begin_events();
  void write_event();
  void event_written(Code code, size_t bytes);
  void linger();
  void lingered(Code code, size_t bytes);
  void report(int status);

  Core& core_;
  tcp::socket socket_;
  const uint64_t number_;
  const std::string peer_;
  State state_ = State::kIdle;
  uint64_t turn_ = 0;  ///< grows whenever pending operations lose their meaning
  Instant deadline_{};
  Instant answer_by_{};  ///< what is worked on has to be answered by then
  std::unique_ptr<Inbox> inbox_;
  Request request_;
  Instant began_{};
  std::shared_ptr<Cancel> cancel_;
  Response response_;
  std::string head_;
  size_t sent_ = 0;
  bool keep_ = false;
  bool old_ = false;      ///< HTTP/1.0, which knows no chunks
  bool writing_ = false;  ///< of pieces, one is on its way
  bool ended_ = false;    ///< of pieces, the last is on its way
  bool busy_ = false;     ///< a request was read and its end not yet reported
  std::deque<std::shared_ptr<const std::string>> events_;
  Instant event_sent_{};
  std::array<char, 4096> discarded_{};
};

}  // namespace reelhouse::serve
