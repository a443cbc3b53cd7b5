#include "serve/address.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <charconv>
#include <memory>

namespace reelhouse::serve {
namespace {

Error bad_address(const std::string& text, const std::string& why) {
  return {ErrorKind::kUsage,
          fmt::format("cannot listen on '{}': {}", text, why),
          "Write HOST:PORT, as in 127.0.0.1:8080 or [::1]:8080; port 0 picks a free one.",
          {}};
}

}  // namespace

std::string Address::text() const {
  return numeric.find(':') == std::string::npos ? fmt::format("{}:{}", numeric, port)
                                                : fmt::format("[{}]:{}", numeric, port);
}

bool is_loopback_number(const std::string& host) {
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool is_number(const std::string& host) {
  in6_addr any{};
  return ::inet_pton(AF_INET, host.c_str(), &any) == 1 || ::inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

Result<Address> parse_address(const std::string& text) {
  Address address;
  const size_t colon = text.rfind(':');
  const bool is_port_alone = colon == std::string::npos;
  address.host = is_port_alone ? "127.0.0.1" : text.substr(0, colon);
  const std::string port = is_port_alone ? text : text.substr(colon + 1);
  if (address.host.starts_with('[') && address.host.ends_with(']'))
    address.host = address.host.substr(1, address.host.size() - 2);
  else if (address.host.find(':') != std::string::npos)
    return fail(bad_address(text, "an IPv6 address stands in brackets"));
  const auto read = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || read.ec != std::errc() || read.ptr != port.data() + port.size())
    return fail(bad_address(text, fmt::format("'{}' is no port between 0 and 65535", port)));
  if (address.host.empty()) return fail(bad_address(text, "the host is missing"));

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(address.host.c_str(), nullptr, &hints, &found); code != 0)
    return fail(bad_address(text, ::gai_strerror(code)));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> guard(found, &::freeaddrinfo);
  // A name may have addresses of both families; IPv4 is what "localhost" is expected to mean.
  const addrinfo* chosen = found;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next)
    if (each->ai_family == AF_INET) {
      chosen = each;
      break;
    }
  char number[NI_MAXHOST] = {};
  ::getnameinfo(chosen->ai_addr, chosen->ai_addrlen, number, sizeof number, nullptr, 0, NI_NUMERICHOST);
  address.numeric = number;
  address.loopback = is_loopback_number(address.numeric);
  return address;
}

}  // namespace reelhouse::serve
