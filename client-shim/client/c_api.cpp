#include "socket.hpp"
#include "tlsmodem.h"

#include <limits>
#include <memory>
#include <new>

using namespace tlsmodem;

// The socket of C++ is made by the first call that needs it: until then credentials may be added.
struct tlsmodem_socket {
  std::string path;
  client::configuration config;
  std::unique_ptr<client::socket> made;
  int how = -1;
  std::string error_text;

  client::socket& use() {
    if (!made) made = std::make_unique<client::socket>(std::move(config), path);
    return *made;
  }

  int set(const char* name, at::value value) {
    auto options = made ? made->options() : config.options;
    std::erase_if(options, [&](const client::option& one) { return one.name == name; });
    options.push_back({name, {std::move(value)}, false});
    if (made) {
      made->set_options(std::move(options));
    } else {
      config.options = std::move(options);
    }
    return 0;
  }

  int failed(const at::failure& why) {
    error_text = why.text;
    return static_cast<int>(why.code);
  }
  int outcome(const std::optional<at::failure>& wrong) { return wrong ? failed(*wrong) : 0; }
};

namespace {

client::time_point in(int timeout_ms) {
  if (timeout_ms < 0) return client::time_point::max();
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
}

// No exception crosses the border to C; there is none but for memory.
template <typename Call>
int guarded(Call&& call) noexcept {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return static_cast<int>(at::error::memory_full);
  } catch (...) {
    return static_cast<int>(at::error::internal);
  }
}

}  // namespace

tlsmodem_socket* tlsmodem_socket_new(const char* path) {
  tlsmodem_socket* made = nullptr;
  const int status = guarded([&] {
    auto holder = std::make_unique<tlsmodem_socket>();
    holder->path = path != nullptr ? path : client::default_socket_path();
    made = holder.release();
    return 0;
  });
  return status == 0 ? made : nullptr;
}

void tlsmodem_socket_free(tlsmodem_socket* socket) {
  if (socket == nullptr) return;
  tlsmodem_close(socket, 1, 1000);
  delete socket;
}

int tlsmodem_set_text(tlsmodem_socket* socket, const char* option, const char* value) {
  return guarded([&] { return socket->set(option, {at::value::kind::string, 0, value}); });
}

int tlsmodem_set_number(tlsmodem_socket* socket, const char* option, int64_t value) {
  return guarded([&] { return socket->set(option, {at::value::kind::number, value, {}}); });
}

int tlsmodem_add_credential(tlsmodem_socket* socket, int64_t tag, int type, const void* content, size_t size,
                            const char* password) {
  return guarded([&] {
    if (socket->made) return socket->failed({at::error::not_allowed, "The socket is in use already."});
    if (tag < 0 || tag > at::max_tag || type < 0 || type >= at::credential_type_count)
      return socket->failed({at::error::incorrect_parameters, "There is no such tag or type."});
    client::credential made{tag, static_cast<at::credential_type>(type),
                            wiped_string(static_cast<const char*>(content), size), std::nullopt};
    if (password != nullptr) made.password.emplace(password);
    socket->config.credentials.push_back(std::move(made));
    return 0;
  });
}

int tlsmodem_bind(tlsmodem_socket* socket, const char* address, uint16_t port, int timeout_ms) {
  return guarded([&] {
    return socket->outcome(socket->use().bind(address != nullptr ? address : "", port, in(timeout_ms)));
  });
}

int tlsmodem_connect(tlsmodem_socket* socket, const char* host, uint16_t port, const char* handle,
                     int timeout_ms) {
  return guarded([&] {
    socket->how = -1;
    const auto up = socket->use().connect({host, port, {}, handle != nullptr ? handle : ""}, in(timeout_ms));
    if (!up) return socket->failed(up.why());
    socket->how = up->how;
    return 0;
  });
}

int tlsmodem_send(tlsmodem_socket* socket, const void* data, size_t size, int timeout_ms) {
  return guarded([&] {
    return socket->outcome(
        socket->use().send({static_cast<const std::uint8_t*>(data), size}, in(timeout_ms)));
  });
}

int tlsmodem_receive(tlsmodem_socket* socket, void* buffer, size_t size, size_t* received, int* flags,
                     int timeout_ms) {
  *received = 0;
  if (flags != nullptr) *flags = 0;
  return guarded([&] {
    const auto got = socket->use().receive({static_cast<std::uint8_t*>(buffer), size}, in(timeout_ms));
    if (!got) return socket->failed(got.why());
    *received = got->size;
    if (flags != nullptr)
      *flags = (got->is_truncated ? TLSMODEM_TRUNCATED : 0) | (got->is_end ? TLSMODEM_END : 0);
    return 0;
  });
}

void tlsmodem_close(tlsmodem_socket* socket, int silent, int timeout_ms) {
  guarded([&] {
    socket->how = -1;
    if (socket->made) socket->made->close(silent != 0, in(timeout_ms));
    return 0;
  });
}

int tlsmodem_fd(const tlsmodem_socket* socket) { return socket->made ? socket->made->fd() : -1; }

int tlsmodem_how(const tlsmodem_socket* socket) {
  return socket->made && socket->made->is_connected() ? socket->how : -1;
}

const char* tlsmodem_handle(const tlsmodem_socket* socket) {
  return socket->made ? socket->made->handle().c_str() : "";
}

int tlsmodem_alert(const tlsmodem_socket* socket) { return socket->made ? socket->made->alert() : -1; }

const char* tlsmodem_error_text(const tlsmodem_socket* socket) { return socket->error_text.c_str(); }
