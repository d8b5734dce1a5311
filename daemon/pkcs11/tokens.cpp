#include "tokens.hpp"

#include "daemon/support/log.hpp"
#include "daemon/support/private_file.hpp"
#include "daemon/tls/key_failure.hpp"
#include "public_half.hpp"
#include "signing.hpp"

#include <sys/stat.h>

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace tlsmodem::pkcs11 {
namespace {

constexpr std::size_t max_pin_bytes = 256;
constexpr std::size_t made_id_bytes = 16;
constexpr CK_BBOOL yes = CK_TRUE;
constexpr CK_BBOOL no = CK_FALSE;

at::failure unusable(std::string text) { return {at::error::credentials_unusable, std::move(text)}; }

std::string named(const token_info& token) { return "The token \"" + escaped(token.label) + '"'; }

bool matches(const token_info& token, const key_uri& uri) {
  const auto fits = [](const std::string& wanted, const std::string& is) {
    return wanted.empty() || wanted == is;
  };
  return fits(uri.token, token.label) && fits(uri.serial, token.serial) &&
         fits(uri.manufacturer, token.manufacturer) && fits(uri.model, token.model);
}

// Which attributes of an object the URI prescribes. They point into the URI.
std::vector<CK_ATTRIBUTE> naming(const key_uri& uri) {
  std::vector<CK_ATTRIBUTE> pattern;
  if (!uri.label.empty()) pattern.push_back(attribute_of(CKA_LABEL, as_bytes(uri.label)));
  if (!uri.id.empty()) pattern.push_back(attribute_of(CKA_ID, uri.id));
  return pattern;
}

// The credential of the unit; empty when there is none.
std::string pin_file_of_unit() {
  const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr) return {};
  auto path = std::string(directory) + "/pkcs11-pin";
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? path : std::string();
}

// An editor ends the last line.
secret without_line_end(const secret& content) {
  auto pin = content.view();
  if (!pin.empty() && pin.back() == '\n') pin = pin.first(pin.size() - 1);
  if (!pin.empty() && pin.back() == '\r') pin = pin.first(pin.size() - 1);
  return secret(pin);
}

// A signature of a key, wherever it is at that moment.
class token_key final : public remote_key {
 public:
  token_key(std::shared_ptr<tokens> from, key_uri uri, tokens::place at)
      : tokens_(std::move(from)), uri_(std::move(uri)), at_(std::move(at)) {}

  bytes sign(CK_MECHANISM_TYPE mechanism, bytes_view input) override {
    bytes signature;
    if (sign_here(mechanism, input, signature) == CKR_OK) return signature;
    // The token may have been out and in again.
    auto found = tokens_->find(uri_);
    CK_RV code = CKR_OK;
    if (found) {
      at_ = std::move(*found);
      code = sign_here(mechanism, input, signature);
      if (code == CKR_OK) return signature;
    }
    const std::string why = found ? reason_of(code) + "." : found.why().text;
    tls::raise_key_failure("The token did not sign: " + why);
    log(level::warning, "a token did not sign", {{"reason", why}});
    return {};
  }

 private:
  CK_RV sign_here(CK_MECHANISM_TYPE type, bytes_view input, bytes& signature) const {
    const auto& call = at_.in->in();
    CK_MECHANISM mechanism{type, nullptr, 0};
    CK_RV code = call->C_SignInit(at_.in->handle(), &mechanism, at_.object);
    if (code != CKR_OK) return code;
    constexpr std::size_t largest = 2048;  // RSA of 16,384 bits
    signature.resize(largest);
    CK_ULONG size = signature.size();
    code = call->C_Sign(at_.in->handle(), const_cast<std::uint8_t*>(input.data()), input.size(),
                        signature.data(), &size);
    signature.resize(code == CKR_OK ? std::min<std::size_t>(size, largest) : 0);
    return code;
  }

  std::shared_ptr<tokens> tokens_;
  const key_uri uri_;
  tokens::place at_;
};

// CKA_SENSITIVE and not CKA_EXTRACTABLE: whatever anybody asks, the token does not tell it.
std::optional<at::failure> make_key_pair(const session& in, const key_uri& uri) {
  key_uri named_by = uri;
  if (named_by.id.empty()) {  // what ties the public key to the private one
    named_by.id.resize(made_id_bytes);
    if (RAND_bytes(named_by.id.data(), made_id_bytes) != 1)
      return at::failure{at::error::internal, "There are no random numbers."};
  }
  auto open_half = naming(named_by);
  auto secret_half = open_half;
  const auto add = [](std::vector<CK_ATTRIBUTE>& to, CK_ATTRIBUTE_TYPE type, const CK_BBOOL& value) {
    to.push_back(attribute_of(type, value));
  };
  open_half.push_back(attribute_of(CKA_EC_PARAMS, p256_parameters()));
  add(open_half, CKA_TOKEN, yes);
  add(open_half, CKA_VERIFY, yes);
  for (const auto type : {CKA_TOKEN, CKA_PRIVATE, CKA_SENSITIVE, CKA_SIGN}) add(secret_half, type, yes);
  for (const auto type : {CKA_EXTRACTABLE, CKA_DERIVE, CKA_DECRYPT}) add(secret_half, type, no);
  CK_MECHANISM mechanism{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
  CK_OBJECT_HANDLE open_object = 0;
  CK_OBJECT_HANDLE secret_object = 0;
  const CK_RV code =
      in.in()->C_GenerateKeyPair(in.handle(), &mechanism, open_half.data(), open_half.size(),
                                 secret_half.data(), secret_half.size(), &open_object, &secret_object);
  if (code == CKR_OK) return std::nullopt;
  return unusable("The token makes no key pair: " + reason_of(code) + ".");
}

bool is_set(const bytes& flag) { return flag.size() == sizeof(CK_BBOOL) && flag.front() != CK_FALSE; }

}  // namespace

std::shared_ptr<tokens> tokens::make(configuration config) {
  return std::shared_ptr<tokens>(new tokens(std::move(config)));
}

at::result<tls::private_key> tokens::key(const key_uri& uri) {
  const auto found = find(uri);
  if (!found) return found.why();
  return key_at(*found, uri);
}

at::result<tls::private_key> tokens::key_or_new_key(const key_uri& uri) {
  const auto found = look_for(uri);
  if (!found) return found.why();
  if (found->object != 0) return key_at(*found, uri);
  const auto token = find_token(uri);
  if (!token) return token.why();
  const auto writer = session::open(module_, token->slot, access::read_write);
  if (!writer) return writer.why();
  if (auto wrong = make_key_pair(**writer, uri)) return *std::move(wrong);
  log(level::notice, "key pair made in a token", {{"token", token->label}, {"serial", token->serial}});
  return key(uri);
}

at::result<tls::private_key> tokens::key_at(const place& found, const key_uri& uri) {
  if (is_set(found.in->attribute(found.object, CKA_ALWAYS_AUTHENTICATE)))
    return unusable("The key in the token wants the PIN for each signature, which is not supported.");
  const auto public_half = public_half_of(*found.in, found.object);
  if (!public_half) return public_half.why();
  const tls::error_queue_scope scope;
  auto made =
      make_private_key(public_half->get(), std::make_shared<token_key>(shared_from_this(), uri, found));
  if (!made) return unusable("The key in the token cannot be used.");
  return made;
}

at::result<tokens::place> tokens::find(const key_uri& uri) {
  auto found = look_for(uri);
  if (found && found->object == 0) return unusable("The token has no private key that the URI names.");
  return found;
}

at::result<tokens::place> tokens::look_for(const key_uri& uri) {
  const auto token = find_token(uri);
  if (!token) return token.why();
  auto with = session_with(*token);
  if (!with) return with.why();
  auto pattern = naming(uri);
  constexpr CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
  pattern.push_back(attribute_of(CKA_CLASS, private_key));
  const auto found = (*with)->find(pattern);
  if (!found) return found.why();
  if (found->size() > 1) return unusable("The token has several private keys that the URI names.");
  return place{std::move(*with), found->empty() ? 0 : found->front()};
}

at::result<token_info> tokens::find_token(const key_uri& uri) {
  if (!are_configured())
    return {at::error::not_supported, "There are no keys in tokens: the setting pkcs11-module is empty."};
  if (!module_) {
    auto loaded = module::load(config_.module_path);
    if (!loaded) return loaded.why();
    module_ = std::move(*loaded);
  }
  auto there = tokens_of(*module_);
  if (!there) return there.why();
  std::erase_if(*there, [&uri](const token_info& token) { return !matches(token, uri); });
  if (there->empty()) return unusable("There is no token that the URI names.");
  if (there->size() > 1) return unusable("There are several tokens that the URI names.");
  return std::move(there->front());
}

at::result<std::shared_ptr<const session>> tokens::session_with(const token_info& token) {
  auto& kept = sessions_[token.slot];
  if (!kept || !kept->is_alive()) {
    kept.reset();
    auto opened = session::open(module_, token.slot, access::read_only);
    if (!opened) return opened.why();
    kept = std::move(*opened);
  }
  if (auto wrong = log_in(*kept, token)) return *std::move(wrong);
  return kept;
}

std::optional<at::failure> tokens::log_in(const session& with, const token_info& token) {
  if ((token.flags & CKF_LOGIN_REQUIRED) == 0 || with.is_logged_in()) return std::nullopt;
  const auto known = pin();
  if (!known) return known.why();
  const serial_and_label name{token.serial, token.label};
  const auto refused = refused_pins_.find(name);
  if (refused != refused_pins_.end() && std::ranges::equal(refused->second.view(), known->view()))
    return unusable(
        named(token) +
        " refused this PIN before, and it is not tried again: another PIN or a restart is needed.");
  if ((token.flags & CKF_USER_PIN_LOCKED) != 0) return unusable(named(token) + " is locked.");
  if ((token.flags & CKF_USER_PIN_FINAL_TRY) != 0)
    return unusable(named(token) + " would be locked by one more wrong PIN: somebody has to log in by hand.");
  const CK_RV code = with.in()->C_Login(with.handle(), CKU_USER,
                                        const_cast<std::uint8_t*>(known->view().data()), known->size());
  if (code == CKR_OK || code == CKR_USER_ALREADY_LOGGED_IN) {
    refused_pins_.erase(name);
    log(level::notice, "logged in to a token", {{"token", token.label}, {"serial", token.serial}});
    return std::nullopt;
  }
  log(level::warning, "a token refused the login",
      {{"token", token.label}, {"serial", token.serial}, {"reason", reason_of(code)}});
  if (code != CKR_PIN_INCORRECT && code != CKR_PIN_INVALID && code != CKR_PIN_LEN_RANGE)
    return unusable(named(token) + " refuses the login: " + reason_of(code) + ".");
  refused_pins_[name] = known->clone();
  return unusable(named(token) + " refuses the PIN.");
}

at::result<secret> tokens::pin() const {
  const auto path = config_.pin_file.empty() ? pin_file_of_unit() : config_.pin_file;
  if (path.empty())
    return unusable(
        "The token needs a PIN, and there is none: neither the setting pkcs11-pin-file nor a credential "
        "pkcs11-pin of the unit.");
  const auto content = load_private_file("The PIN file", path, max_pin_bytes);
  if (!content) return content.why();
  if (content->size() > max_pin_bytes)
    return unusable("The PIN file is longer than " + std::to_string(max_pin_bytes) + " bytes.");
  auto made = without_line_end(*content);
  if (made.empty()) return unusable("The PIN file is empty.");
  return made;
}

}  // namespace tlsmodem::pkcs11
