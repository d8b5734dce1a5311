// Protected records of DTLS 1.2, with and without connection ID.
// Computed from the texts of RFC 5246, 5288, 6347, 6655, 7366, 7905 and 9146 with pycryptodome 3.11.0
// (CPython 3.11.2): ciphers and hashes that share nothing with OpenSSL. All are what a client writes
// in epoch 1. All strings are hexadecimal.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tlsmodem::test {

struct record_vector {
  const char* name;
  std::uint16_t suite;
  bool encrypt_then_mac;
  const char* master_secret;
  const char* client_random;
  const char* server_random;
  const char* cid;
  std::uint8_t type;
  std::uint64_t sequence;
  std::size_t zeros;  // RFC 9146 4: padding inside the encryption
  const char* plaintext;
  const char* record;
  std::size_t repeat = 1;  // the plaintext is so many times `plaintext`
};

// clang-format off

inline constexpr const char* master_secret_1 =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f";
inline constexpr const char* client_random_1 =
    "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f";
inline constexpr const char* server_random_1 =
    "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f";
inline constexpr const char* master_secret_2 =
    "f12c67a2dd18538ec9043f7ab5f02b66a1dc17528dc8033e79b4ef2a65a0db16518cc7023d78b3ee29649fda15508bc6";
inline constexpr const char* client_random_2 =
    "056acf3499fe63c82d92f75cc1268bf055ba1f84e94eb3187de247ac1176db40";
inline constexpr const char* server_random_2 =
    "9a41e88f36dd842bd27920c76e15bc630ab158ffa64df49b42e99037de852cd3";
inline constexpr const char* no_cid = "";
inline constexpr const char* cid_1 = "07";
inline constexpr const char* cid_8 = "c1d2e3f405162738";
inline constexpr const char* cid_32 = "1f1a15100b0601fcf7f2ede8e3ded9d4cfcac5c0bbb6b1aca7a29d98938e8984";
inline constexpr const char* text_16 = "30373e454c535a61686f767d848b9299";
inline constexpr const char* text_61 =
    "617e9bb8d5f20f2c496683a0bddaf714314e6b88a5c2dffc193653708daac7e4011e3b587592afcce90623405d7a97b4d1ee0b"
    "2845627f9cb9d6f3102d";

// Opened, and sealed to the same bytes: the explicit nonce is epoch and sequence number.
inline constexpr record_vector sealed_records[] = {
    {"ccm8_128_plain_16_bytes", 0xC0A8, false, master_secret_1, client_random_1, server_random_1,
     no_cid, 23, 0x0, 0, text_16,
     "17fefd000100000000000000200001000000000000589694847bc976ec9255f5be9c3392e2e904984fe1786b5c"},
    {"ccm8_128_plain_0_bytes", 0xC0A8, false, master_secret_2, client_random_2, server_random_2,
     no_cid, 23, 0xffffffffffff, 0, "", "17fefd0001ffffffffffff00100001ffffffffffff67a209fbc33a1f51"},
    {"ccm8_128_cid_1_1_bytes", 0xC0A8, false, master_secret_1, client_random_1, server_random_1,
     cid_1, 23, 0x1, 0, "2a", "19fefd000100000000000107001200010000000000017da41b10ea4fe6b064c5"},
    {"ccm8_128_cid_8_zeros_13_61_bytes", 0xC0A8, false, master_secret_2, client_random_2, server_random_2,
     cid_8, 23, 0x123456789ab, 13, text_61,
     "19fefd00010123456789abc1d2e3f405162738005b00010123456789aba94a64220f51a7c1119508a855c31dd780d6f02d10"
     "ce63f18c55440bbed4814117ecf948c885665927c563ee24159fa188e722f9bf13b4e4fb4b4845c7072672a389adc4046c63"
     "dfacfb89cb0dd2834bada91d"},
    {"ccm8_128_cid_32_2_bytes", 0xC0A8, false, master_secret_1, client_random_1, server_random_1,
     cid_32, 21, 0x100000000, 0, "0100",
     "19fefd00010001000000001f1a15100b0601fcf7f2ede8e3ded9d4cfcac5c0bbb6b1aca7a29d98938e898400130001000100"
     "00000089515ce305bec1e6f12a8c"},
    {"ccm_128_plain_2_bytes", 0xC0A4, false, master_secret_2, client_random_2, server_random_2,
     no_cid, 21, 0x100000001, 0, "0100",
     "15fefd0001000100000001001a00010001000000013e942b1d5587d633dabe557760f4c564f1b4"},
    {"ccm_128_cid_8_16_bytes", 0xC0A4, false, master_secret_1, client_random_1, server_random_1,
     cid_8, 22, 0x7, 0, text_16,
     "19fefd0001000000000007c1d2e3f4051627380029000100000000000703e98c821dc151782e72cbbb2a53ede54186c05cc2"
     "42599838c0537db793fc1e16"},
    {"ccm_128_cid_32_zeros_13_0_bytes", 0xC0A4, false, master_secret_2, client_random_2, server_random_2,
     cid_32, 23, 0xffffffffffff, 13, "",
     "19fefd0001ffffffffffff1f1a15100b0601fcf7f2ede8e3ded9d4cfcac5c0bbb6b1aca7a29d98938e898400260001ffffff"
     "ffffff6425644f597b19adb000ae23bd6586eeaaa9beaf1f6eff1753372410accb"},
    {"ccm8_256_plain_61_bytes", 0xC0A9, false, master_secret_1, client_random_1, server_random_1,
     no_cid, 23, 0x1, 0, text_61,
     "17fefd0001000000000001004d00010000000000014d1c439deb82c7fe82db56587ac5bc77ea5330ec5c9b7f500114e7baec"
     "74a08c2dc7d4053e1602de090944d6fae96d8ca94a468a54eb7ba12c75a65a208836de194ce561bc"},
    {"ccm8_256_cid_1_zeros_13_16_bytes", 0xC0A9, false, master_secret_2, client_random_2, server_random_2,
     cid_1, 22, 0x123456789ab, 13, text_16,
     "19fefd00010123456789ab07002e00010123456789ab8cb59bd3dc86b546c3412ed2e838b418486f8fd1dce991cc5fe468db"
     "3934573e3bc9f583eda2"},
    {"ccm8_256_cid_32_61_bytes", 0xC0A9, false, master_secret_2, client_random_2, server_random_2,
     cid_32, 23, 0x2, 0, text_61,
     "19fefd00010000000000021f1a15100b0601fcf7f2ede8e3ded9d4cfcac5c0bbb6b1aca7a29d98938e8984004e0001000000"
     "000002971e8eeb792b7910a7618646c2cd5035ab90ed7a8eeccc9572809375895427ef752575d03e7cffc80dfee4d9150f3b"
     "b849d7b0036bddf3148f50bc562e62b1d1cd5dd73cc774"},
    {"ccm_256_plain_1_bytes", 0xC0A5, false, master_secret_1, client_random_1, server_random_1,
     no_cid, 22, 0x123456789ab, 0, "2a",
     "16fefd00010123456789ab001900010123456789ab82349a13d449b9dfb967430feda9672286"},
    {"ccm_256_cid_8_0_bytes", 0xC0A5, false, master_secret_2, client_random_2, server_random_2,
     cid_8, 23, 0x0, 0, "",
     "19fefd0001000000000000c1d2e3f405162738001900010000000000000eb19440e34accdb7259840875129966e3"},
    {"gcm_128_plain_0_bytes", 0x00A8, false, master_secret_1, client_random_1, server_random_1,
     no_cid, 23, 0x0, 0, "", "17fefd000100000000000000180001000000000000210d14f7b2b31060b67af6ad49ebc1ad"},
    {"gcm_128_plain_61_bytes", 0x00A8, false, master_secret_2, client_random_2, server_random_2,
     no_cid, 22, 0x123456789ab, 0, text_61,
     "16fefd00010123456789ab005500010123456789abc8917b3a47ca47790e769efbe9f902bfe8f54257e366e83f11af35cfa5"
     "5c7d354027b6f5185e758e97d698ccb1565a61e371bb55b7204b3f589f74568dc00c594dbdb47421e0737ae289895a29"},
    {"gcm_128_cid_1_16_bytes", 0x00A8, false, master_secret_2, client_random_2, server_random_2,
     cid_1, 23, 0xffffffff, 0, text_16,
     "19fefd00010000ffffffff07002900010000ffffffffb0bbcf144f222d0cd22d5fecd13598013f5af2ba47eb626b82138077"
     "3410da59f3"},
    {"gcm_128_cid_8_1024_bytes", 0x00A8, false, master_secret_1, client_random_1, server_random_1,
     cid_8, 23, 0x100000000, 0, "5a",
     "19fefd0001000100000000c1d2e3f40516273804190001000100000000bb768cb5fb50ccc04a85ca8558d86907b843c05234"
     "8cb3e3818df7cc91fb5db821dd12bc674842fc00bc8a86a40a64f04d6effc57ae76852413b721347ff5218fb9947399385d6"
     "bab2e79c50aee648bb7c43ec161ce6d467701d303b6bac647d583906bf3eb16aba8648549d2b09219a8a40284ccc24dc9be8"
     "8d0c1f2962270f6f70e2fcc4889a3647e97aeedcb07efdcade07211a314103f33c4d836bfebed75c00bfd871e45a8907f835"
     "883c8b0eecfc446769cefd0948c2e6dbedf4775d5f37f32ffa1cb315de7c427977b72e12a449edc7f56cb993330ff2e09d91"
     "367fe02ed3706af37e34379ae6ab80c5a64373d6b41031d9cfdd7f9e93def36bb73e15d12a3e15a6b4955182ccb4828b7d37"
     "9b169ea17ba7f7b5e67479ae5330405293a19f3fe8e29bb409a47837be817bef099bc0f26e9991953d78cd04f11290eacc2b"
     "49cd2d7d621b719f867f4b976f23057460ff34f24f156e59016dbdb13130a29586771cb023d66001dd2e0b6f4a35e1484cd4"
     "0d82abe5b5fe4762ea8c8fbe41acbb3a1d15b288c117701ae287c5350aadb2ea97eec645dac5d5a4d43ded42caf14c3be7e2"
     "946c62f8b1179b8e3b79cae7501fb1ef93bb9f8cb50547838a1b9352bd5e531c57dd5c72793ec4c1eb0c91e977e036fd4e9a"
     "6b405f8f56d0d741e15b3be5d47b98d52f1a33712e2f1118d7a9fb065589cf22b89a66d96f102c519f109a422879c8c377aa"
     "d7f16a78ff7dc8852db361a23f638bc220557b21e6637fb4b80e8f839abbf8217ae50eacfd2a44424ffbfb95d9ee5ab7a925"
     "728d5582ebc8833ec634746da46c49330e49e0a461bf254f619527bfe7f72e3a96c82a7da622ee9658f78b5711e78bae4034"
     "5dcd59e472a175793b66d81dfee26afa66ff14167afedfdd392437fa1c55ed0875b7a41696ff6e9c36ed153e2e85a5f46aa3"
     "135f639acad45246b6e4188fb41f83cd1676716d6ec7bec24ce420d654ce1240f8c85522b2f053121140a07e7de28cc68eac"
     "13400f58ea9bfe03f96d83a503fab4696c5281f3ceb6f4e807716f7e703cc0d00e97a7a378f711eb7d7483fb153c9c076ee7"
     "fa8f86ef3ca14fcef0a7c079a1565e1faaed7a9d8c5c27794a9f16ca18528ff484ea3b5938925213bdc6f3ac897fb24f4797"
     "a1897136e83590db4ec15adbaa080e518518f10d8f61c64a653a8825c9af93f37de57d31d9cc02350dddda4c83a07e8c1b31"
     "70b6c07b88edd603fb80d19907371b14b66b726ed63501486a7269bc302f45a0f9815bf9c30f1fd68f723c009b11787e0a7f"
     "b332a6b29c39df5e68f9c5a835c38167d499e7c92cca04a59510f71b2ecd721924e04cb23a40c4ec78ab3a5e41ec5595c2d3"
     "e0c46e89f530fcc58841507959f61e4ba5cf79a67680a8b9048a56dc91713c3cb25be9e09559ac2dbcd6dea79605651c8b9f"
     "367359d4d9b896fc1f7e65632ac9d09cc950d19d", 1024},
    {"gcm_128_cid_8_zeros_13_0_bytes", 0x00A8, false, master_secret_2, client_random_2, server_random_2,
     cid_8, 21, 0x3, 13, "",
     "19fefd0001000000000003c1d2e3f40516273800260001000000000003535b160335c1ce6747aeac09ef2a9f3fa0f4da2e3e"
     "7cb8d122ff86511f23"},
    {"gcm_128_cid_32_1_bytes", 0x00A8, false, master_secret_1, client_random_1, server_random_1,
     cid_32, 22, 0xffffffffffff, 0, "2a",
     "19fefd0001ffffffffffff1f1a15100b0601fcf7f2ede8e3ded9d4cfcac5c0bbb6b1aca7a29d98938e8984001a0001ffffff"
     "ffffff329fbd18dce546639dfc915340ad0c4dbb21"},
    {"gcm_256_plain_16_bytes", 0x00A9, false, master_secret_2, client_random_2, server_random_2,
     no_cid, 23, 0x1, 0, text_16,
     "17fefd000100000000000100280001000000000001d4a15f49e251366603f49098f0d83620f2c2a1d5e55ebab6f97d58d362"
     "787b96"},
    {"gcm_256_cid_1_0_bytes", 0x00A9, false, master_secret_1, client_random_1, server_random_1,
     cid_1, 23, 0x0, 0, "", "19fefd00010000000000000700190001000000000000f77f47193be96c8197dc5db079e68ff632"},
    {"gcm_256_cid_32_zeros_13_61_bytes", 0x00A9, false, master_secret_2, client_random_2, server_random_2,
     cid_32, 23, 0x123456789ab, 13, text_61,
     "19fefd00010123456789ab1f1a15100b0601fcf7f2ede8e3ded9d4cfcac5c0bbb6b1aca7a29d98938e898400630001012345"
     "6789abcb15b3ec962e4432debc1acf1c64948a52de075ab54846ab14488e8e21d0856b57c1f42cc5e278cca19cc896e546b9"
     "c67479615ec4fb0b86278c31bd713ac9e5d26dcb346ab5cd97765b41dc580156469a715b884f991a4274f062"},
    {"chacha_plain_61_bytes", 0xCCAB, false, master_secret_1, client_random_1, server_random_1,
     no_cid, 23, 0xffffffffffff, 0, text_61,
     "17fefd0001ffffffffffff004d9065bbee1a2282d7dbfafb30431c47ff48979a636d32797253a986313f4540cc7c8a2648d6"
     "1a859d797af1c42c9db2cab7023d354114d836f818820c1e11ca7cb33c310a24a8e75250f0cc279d"},
    {"chacha_plain_2_bytes", 0xCCAB, false, master_secret_2, client_random_2, server_random_2,
     no_cid, 21, 0x0, 0, "0100", "15fefd000100000000000000129a764cec6cac072d44558f23ab2138faa775"},
    {"chacha_cid_1_zeros_13_1_bytes", 0xCCAB, false, master_secret_1, client_random_1, server_random_1,
     cid_1, 22, 0x100000000, 13, "2a",
     "19fefd000100010000000007001f23619a64c85c5f9d3b89f032216a6266be567cd160311b32f977f9150b24d5"},
    {"chacha_cid_8_16_bytes", 0xCCAB, false, master_secret_2, client_random_2, server_random_2,
     cid_8, 23, 0x123456789ab, 0, text_16,
     "19fefd00010123456789abc1d2e3f4051627380021fc5feb1c0f4db48612d2e1dba6a5ad27227d390c8d8aa970ab05d98304"
     "81be62a7"},
    {"chacha_cid_32_0_bytes", 0xCCAB, false, master_secret_1, client_random_1, server_random_1,
     cid_32, 23, 0x5, 0, "",
     "19fefd00010000000000051f1a15100b0601fcf7f2ede8e3ded9d4cfcac5c0bbb6b1aca7a29d98938e89840011e4177f84ad"
     "0ff3fac62d9762040a56e1f0"},
    {"gcm_128_cid_8_zeros_13_content_of_zeros", 0x00A8, false, master_secret_1,
     client_random_1, server_random_1,
     cid_8, 23, 0xb, 13, "00000000",
     "19fefd000100000000000bc1d2e3f405162738002a000100000000000b2c8fe9b4267cf70ecb83e52790e44c7f065b858ab5"
     "0db6518c1dfe00a8a4113ea55e"},
};

// Only opened: the IV or the explicit nonce is the sender's choice. Padding: RFC 5246 6.2.3.2.
inline constexpr record_vector opened_records[] = {
    {"sha1_plain_16_bytes_mte", 0x008C, false, master_secret_1, client_random_1, server_random_1,
     no_cid, 23, 0x0, 0, text_16,
     "17fefd00010000000000000040a0a1a2a3a4a5a6a7a8a9aaabacadaeafb14edebe7c4fb47d3f6ac2a1e9f86c334eaa41f708"
     "a992b3f94e684a5d995824bf05f45e6fa83f337d29b4a7e13c2e9c"},
    {"sha1_plain_61_bytes_mte_padding_254", 0x008C, false, master_secret_2, client_random_2, server_random_2,
     no_cid, 23, 0x123456789ab, 0, text_61,
     "17fefd00010123456789ab01600b9c2dbe4fe071029324b546d768f98a00bba9204c48e36cd66c6aac67f42aea614c4beaf1"
     "14d59ec721973ec65e0ac3df54eb8bd7625db96dd0466368cdaa168c05222345124a77cd311535f4f8bcc91a6125e2b4a9c1"
     "5908fd655a094ca0b5e2c9ab1c72aeabc6008ef51c67047d04eb8acc67b15c8ca24e0bb4db569021a0a00fdcb5b1b531619e"
     "36184e4e08ce38e3f4278c6704ff9c36d4bd65bbfe72a548c621a42b21f44c62e8aeb4520460bec4234f1a2cb2f0423ff80a"
     "13b379a58bbb24d67740452d9b12e2b287a66514d5e61bd06e37a08e0faaff5b972295f3c4fa9985a1daa3886942f9c3c1fb"
     "16c7f9bf8724a30ca7c62b79c563a6f29c436c262b60b296730bbe2faf917e2a51dd763af68c16e5dbb80293a680468a6a19"
     "0424a05f57acb564bba99623015f86553cbc35753ae4a34e1394ef6e9052a6a425880ac954accda0c6b69e6fb26cc06685da"
     "38c4a21f38f381567102cc3ae8acb3"},
    {"sha1_cid_8_1_bytes_mte", 0x008C, false, master_secret_1, client_random_1, server_random_1,
     cid_8, 23, 0x100000000, 0, "2a",
     "19fefd0001000100000000c1d2e3f4051627380030a0a1a2a3a4a5a6a7a8a9aaabacadaeafa14d8bf7b0d6f1b883ae85c683"
     "460e1a4f889b2ef046b953a570a0a4e4f2c5c8"},
    {"sha1_cid_32_zeros_13_16_bytes_mte", 0x008C, false, master_secret_2, client_random_2, server_random_2,
     cid_32, 22, 0xffffffffffff, 13, text_16,
     "19fefd0001ffffffffffff1f1a15100b0601fcf7f2ede8e3ded9d4cfcac5c0bbb6b1aca7a29d98938e898400500b9c2dbe4f"
     "e071029324b546d768f98a2c35845216a0e5e1dc3404a2ecb5809703a8907753a35774732cbb1e573694704a6bd2e683c875"
     "70b1773213634f19577b25f55e230222b188dd9649e9923845"},
    {"sha1_plain_1_bytes_etm", 0x008C, true, master_secret_1, client_random_1, server_random_1,
     no_cid, 21, 0x1, 0, "2a",
     "15fefd00010000000000010034a0a1a2a3a4a5a6a7a8a9aaabacadaeafd9aea8a00281783499479a94fd03879e829b5d5d0b"
     "faebab16f5d6fd60a462065609f232"},
    {"sha1_cid_1_zeros_13_61_bytes_etm", 0x008C, true, master_secret_2, client_random_2, server_random_2,
     cid_1, 23, 0x123456789ab, 13, text_61,
     "19fefd00010123456789ab0700740b9c2dbe4fe071029324b546d768f98a00bba9204c48e36cd66c6aac67f42aea614c4bea"
     "f114d59ec721973ec65e0ac3df54eb8bd7625db96dd0466368cdaa166ef925072121192250c31dd39cd90bf211ad166b52a1"
     "62cb32349af29c337a066a6064f1a993ac22f2177610f000b0ccf1c526d9"},
    {"sha1_cid_8_0_bytes_etm_padding_30", 0x008C, true, master_secret_1, client_random_1, server_random_1,
     cid_8, 23, 0x2, 0, "",
     "19fefd0001000000000002c1d2e3f4051627380044a0a1a2a3a4a5a6a7a8a9aaabacadaeaf06fff9f7a6a999a5164539d216"
     "b85d8b142676fc6c1baf56b890115a6d43706f12e81977da7151a4424bd1cb3bbd972357d96a6f"},
    {"sha256_plain_0_bytes_mte", 0x00AE, false, master_secret_2, client_random_2, server_random_2,
     no_cid, 23, 0x100000000, 0, "",
     "17fefd000100010000000000400b9c2dbe4fe071029324b546d768f98ae55f8362b131e6c184a0a3b576ad99fbb624f2fefe"
     "0be455ead2b99d88f29595bb9289b74ac9d86fbd53410eefbd3a4d"},
    {"sha256_plain_1_bytes_mte_padding_30", 0x00AE, false, master_secret_1, client_random_1, server_random_1,
     no_cid, 22, 0x3, 0, "2a",
     "16fefd00010000000000030050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf4e2571dc1b006260105e60fb20c8094edacc3661ab"
     "03860898813b3b564ecb5836c13d89b8336d805e657b3cfade69a0ce31c3337fa56c754c1841c733174288"},
    {"sha256_cid_1_16_bytes_mte", 0x00AE, false, master_secret_1, client_random_1, server_random_1,
     cid_1, 23, 0x123456789ab, 0, text_16,
     "19fefd00010123456789ab070050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f8c3798c4457f9c"
     "987ca7001fc4dcfca699d6d52a7928ce1288983e0406f0927cd72e3448144cb557a0c464ae2829e263709ab7"},
    {"sha256_cid_8_zeros_13_61_bytes_mte", 0x00AE, false, master_secret_2, client_random_2, server_random_2,
     cid_8, 23, 0x0, 13, text_61,
     "19fefd0001000000000000c1d2e3f40516273800800b9c2dbe4fe071029324b546d768f98aeaa33b4dd61388c32150d9c131"
     "e891071e734bbf6c6f49c152e0fc63051adc16395886d193c13cff3f3b66ea15b05150cfd869e8346e1548e03503d129cfda"
     "bf187da6de186846f1f7a12f1fdf705af1955aacd573d195be85618a44c962a5a90b59563704a8a4c2ef25c46f16c303d6"},
    {"sha256_cid_8_2_bytes_mte_padding_252", 0x00AE, false, master_secret_1, client_random_1, server_random_1,
     cid_8, 21, 0x9, 0, "0100",
     "19fefd0001000000000009c1d2e3f4051627380130a0a1a2a3a4a5a6a7a8a9aaabacadaeaf7f0b5caf02b970dab0ed1c1b70"
     "9b25d6e1c7d46003f9f3504f0896c48b714567ab11127837d3078daef4b3ffaabc74a6967fb597aac423c03055cbeb8fc55b"
     "cff19216b8d91ea2dbcf82a6c1d6f772cfe4e72ccff2ad5e4b743106c469b9493ea37f24d100e12c685095fc2ee0ffd5253a"
     "5e7907a0ca5b1fc323bfba716b05387f2b5196010f9d889e4fefc4fe8c4a35ad7a6fd27486d2a7a1617423258eb0fcd6bc95"
     "e3cfe8fa708310b2fd71ed132edf1b04ed883681d60b33b3b52002501d9c288ff163d46180bf43a3244cd9fd37617ec8029d"
     "22339ad8f4c4a4b186873078fe273d818ef4e1fc2fdb521cf111fc0f43d97fdf50358b75c28d992ed923b6ddbf818bee199f"
     "c50addfa4409825206e1392c34da510fef094e68b45f010126"},
    {"sha256_cid_32_0_bytes_mte", 0x00AE, false, master_secret_2, client_random_2, server_random_2,
     cid_32, 23, 0xffffffffffff, 0, "",
     "19fefd0001ffffffffffff1f1a15100b0601fcf7f2ede8e3ded9d4cfcac5c0bbb6b1aca7a29d98938e898400400b9c2dbe4f"
     "e071029324b546d768f98ae6304e2aa5d9617be649a84f0939a9a130d2a65badedc868a821537426c366b563c7ed01cc6724"
     "91742fea290f6de7c1"},
    {"sha256_cid_8_15_bytes_mte", 0x00AE, false, master_secret_2, client_random_2, server_random_2,
     cid_8, 23, 0x100000005, 0, "30373e454c535a61686f767d848b92",
     "19fefd0001000100000005c1d2e3f40516273800500b9c2dbe4fe071029324b546d768f98ad0e60bdeca64bd726c8070f53e"
     "c7ba281ba316143a8d175c8b2cbbcf61f17a7085069efee29221db6d0854c5b627a17a1e2b881ddce0d80d4847b73a1950f2"
     "54"},
    {"sha256_plain_61_bytes_etm", 0x00AE, true, master_secret_1, client_random_1, server_random_1,
     no_cid, 23, 0x123456789ab, 0, text_61,
     "17fefd00010123456789ab0070a0a1a2a3a4a5a6a7a8a9aaabacadaeaf4281c1772df45d815d704879c8b3a82e495d6599a9"
     "c7f8bef35b81594ac2db6e0b3ac00e8b284e36c0fdc6e5b4a5f30260a489a01b984fbe9128667d2fd393305e4ea89bb82925"
     "a3466551310aa619d33e254694d51a006307c685a1f83838c8"},
    {"sha256_plain_0_bytes_etm", 0x00AE, true, master_secret_2, client_random_2, server_random_2,
     no_cid, 23, 0x0, 0, "",
     "17fefd000100000000000000400b9c2dbe4fe071029324b546d768f98a35f6b79e86760d26da5743b5c71499df3a517803fc"
     "78daaad744adc8ed6caa97f831c8c82b4973f9f9e31e382fa73017"},
    {"sha256_cid_1_1_bytes_etm", 0x00AE, true, master_secret_2, client_random_2, server_random_2,
     cid_1, 22, 0x1, 0, "2a",
     "19fefd00010000000000010700400b9c2dbe4fe071029324b546d768f98aeb58a33ceadd81783c8ecbd703d2ee96f51cb8af"
     "16ae669435a2d7d612a19edbebb77226715519aee77cccd16e5ca915"},
    {"sha256_cid_8_1024_bytes_etm", 0x00AE, true, master_secret_1, client_random_1, server_random_1,
     cid_8, 23, 0x100000000, 0, "5a",
     "19fefd0001000100000000c1d2e3f4051627380440a0a1a2a3a4a5a6a7a8a9aaabacadaeafa4c138a86ded68ac5bffc03102"
     "2a45da7dd31a88ed972b35f61c6c4cef92626e0f9672aa0cc9e45e90db6105c9d71d43f6175bb188efed9ac3a1855377cdee"
     "f1c0437515f801645e2ed5676b8b14a057846e0178ffd01275133a6621edcc311073bd28c80f3343fee705a51274df3ab1e1"
     "7985b289d2969c21baf3e179f8fa6d8e13ccf0abfbead0591a6f5cc74cffae30390f1615a26c68ee01f9569a8efa6e8001c1"
     "395584d2c5b2892f71cdd1a5c3dccf7239f6717f0eecbbdafecff23832abef299a02082442653d4609ec438008bb299787fa"
     "bbd7ea5e8ff5f9eb63d0a6f17ec3ae3064520ec71e4d2bc9cd936437a137b25df8859c21465587cfa845243522d70841393e"
     "7ea69958acc40b2d2653005b03c9e7f5cb92dbd8d729bce61cd29b9bf9a3c5ca5f9b95632be2b1b3117064bb27652a4edf56"
     "ebd9503e831defe1ab07ba756cbcddd7009cc50b547ed8872c3802e253407367a57240d90c487a6579f2f89282cb8ec5bdba"
     "cccea05b3f65a9c9efc3f03e37089bcdc81a8041f6570b3172a6a6b6dcb997f1cb407caaab64a5a52eed4691218e3227a935"
     "25cbdb7e4bab8d5d0a672d30a542b85cf49a126e7bce2c9b8c79e34eed3d1eed2d1702f6ddfaf54a921ea430ea41fa5ec690"
     "c8080dadcd8728a2827368fcf35572982ada3e2364d4d6785499f9f2d9de16def5e49c720703d191992e926f95d100369b76"
     "37c212e5f35863dc1536b1636fc2b2414b70559c65ec4f417e6a7889c63fa7a9fc7868c97a35c66abc9ce9c83c4a7c7388db"
     "9fcc6517e640e04c8961df3ee132a3b9c5d4420294f7e3fd6231671c22a92e4a9cd31a2757a42c3c43434819d45933fa9f32"
     "46817028268f71680fdcaa74845e066e1c3faa35ed32bc89c4b16cdd31f3b673b3aa5042c07ef83fc63b9349599ea3466beb"
     "cb355225f851ca6f5c9515b8ec70a9980f48d92c6b6700f779efad1ea1769c8c0ed752de8969580f9242ba3278de132bdab3"
     "643da8d3471b44fb99e914cc90114faf0f8b72234c9f89dd9515c71e6d1a9fb2c462a07c2284e0ae4da7612aeb770685c48a"
     "49b21b57449dfaa2a08a3437b553985a863233cc5e5e1579af9a43091b462a8c7056da74892f510d2234e5e809b55dc530f3"
     "af5f7027f19e676a476d091f51a72ae6c3a7644277c107343747cd2358b9bb97e4327418cf306eb4ae26e9a988bbe572d402"
     "60f905e43ebf98b2e5af882885ee8a513ef8e590be232303f4b2c929e93144e99bc30ba1fd3a85266dd2459b655679e0f034"
     "734b66b2000705e1548ebf5ca1fb01eea764dbe7f4406ea255b6092b4e9cca9f6c08a21a16d1d7d180f6e0c7807991516c1f"
     "6894d0b01601602d285d8c5d41b7b81ca863e2e43e640c15cee0c44a238165137d1692c634271cf1408d5808eddd23b69741"
     "bca4ef7d4af36c47ade3706839acc7e573d96c607149283a0eed8a5145745f29b59367fe6fcee5fcd76a258aed5c4dc957d3"
     "d4f69e7de55d2fa697", 1024},
    {"sha256_cid_32_zeros_13_16_bytes_etm_padding_241", 0x00AE, true, master_secret_1,
     client_random_1, server_random_1,
     cid_32, 23, 0xffffffffffff, 13, text_16,
     "19fefd0001ffffffffffff1f1a15100b0601fcf7f2ede8e3ded9d4cfcac5c0bbb6b1aca7a29d98938e89840140a0a1a2a3a4"
     "a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f8c379894436013f79988d990de368bccfb5a68b316d151665bd6"
     "0edf9bb19995ce9cb7812e7c472868acdb99bdc548f6679660aec7c73762a8d4e504f7944b2e8b560c7064b6fe804c79b89b"
     "27dac43be120830862a814fea0b70926589946bba8906311489ea7dbc0c9198c0f1bbdda75e8d490afc0934b91b8f7b2b18d"
     "4c854c1a62d0cadd4a1d1589e0d7e375abd485ab245aa3cf177a6d70882e1c05954cb4a9fe4680443b6c92b7c9e37ef66b1e"
     "60a1bd585ce1b2c6b5ac20d7595f5c449917dc381c24a89fdb93c865a6c351741d84b59b3438129c6c46517d5b70cd26e842"
     "497f3575406d1e53541930d6de9797ac4ba0b8a78e6f61f01b7d95d26a18c5c1d6e51da714f2049384412d276eaec7f157b3"
     "7b60c25dcc98b0ebfa4c441a005581"},
    {"sha384_plain_16_bytes_mte", 0x00AF, false, master_secret_1, client_random_1, server_random_1,
     no_cid, 23, 0x1, 0, text_16,
     "17fefd00010000000000010060a0a1a2a3a4a5a6a7a8a9aaabacadaeaf805dacb93fc41ef1fa88a5e0d71e3170f4d032fc3f"
     "d4cb86b76d072afbc684f11bbce7304fb7bcd6d8491beabc3dbb661b6b982473ec92faa405995defebf9a2a792e23fe61324"
     "d548a8a9ddc34f88fe"},
    {"sha384_cid_8_zeros_13_0_bytes_mte_padding_33", 0x00AF, false, master_secret_2,
     client_random_2, server_random_2,
     cid_8, 23, 0x123456789ab, 13, "",
     "19fefd00010123456789abc1d2e3f40516273800700b9c2dbe4fe071029324b546d768f98af009b9d7831c4681a0b4693666"
     "14da4e59ab33a21bee950604d83f2069960a1a48db52dfad1dd1fd0b8f9e29757e70d2ef95ac029941a51a41fd98c6fb1e51"
     "f7f106a98a08bf847a2dd41e9007780e909563abbb329a3d962988f410ba460d07"},
    {"sha384_cid_32_61_bytes_mte", 0x00AF, false, master_secret_1, client_random_1, server_random_1,
     cid_32, 22, 0x100000000, 0, text_61,
     "19fefd00010001000000001f1a15100b0601fcf7f2ede8e3ded9d4cfcac5c0bbb6b1aca7a29d98938e89840080a0a1a2a3a4"
     "a5a6a7a8a9aaabacadaeafbff6c680d5c5f66e57056c40f03b0e8881a031711b5d20c0bc535beb3456ffd5d7f5878e031ae1"
     "d6b78b4af1b47df366b1e996d3b4719cb5f19e165096b5763038bd8d7f513851ae4787d78edd9da2102f6524ac61108d7004"
     "ac310ae062a1b9673e4984578c6490fb4c80db033ad867"},
    {"sha384_plain_2_bytes_etm_padding_29", 0x00AF, true, master_secret_2, client_random_2, server_random_2,
     no_cid, 21, 0xffffffffffff, 0, "0100",
     "15fefd0001ffffffffffff00600b9c2dbe4fe071029324b546d768f98ac0ba1612c85728d8ca1f630b13418cca4c096f5768"
     "f6f3bc4a83dc6704a4ca773d787d0e49c36cab36e0f78630c433bbda457027d372f72d7b63094652b444eac1fcfafcade326"
     "3f55417c721a012708"},
    {"sha384_cid_1_61_bytes_etm", 0x00AF, true, master_secret_1, client_random_1, server_random_1,
     cid_1, 23, 0x0, 0, text_61,
     "19fefd0001000000000000070080a0a1a2a3a4a5a6a7a8a9aaabacadaeafbff6c680d5c5f66e57056c40f03b0e8881a03171"
     "1b5d20c0bc535beb3456ffd5d7f5878e031ae1d6b78b4af1b47df3669c18a20ec803bd30f6e2937edf2b98dac125d6439af5"
     "480b530e5b157c7dc67111da445514659c8b0d260df351495f0745e92bab7d326529b5ca827d84fb55f0"},
    {"sha384_cid_8_16_bytes_etm", 0x00AF, true, master_secret_2, client_random_2, server_random_2,
     cid_8, 23, 0x123456789ab, 0, text_16,
     "19fefd00010123456789abc1d2e3f40516273800600b9c2dbe4fe071029324b546d768f98a737e9e0d039dc350e5093ed5c5"
     "e945d8def81df638ef55591230e7e677dbd66bca6e832b42e0a0a5b289d28b2133b5fd89aacbcd6b8eadc84ec973f6c2c8de"
     "31210e388d2deb5aa1336baa7be386ee7b"},
    {"ccm8_128_plain_16_bytes_other_nonce", 0xC0A8, false, master_secret_2, client_random_2, server_random_2,
     no_cid, 23, 0x123456789ab, 0, text_16,
     "17fefd00010123456789ab0020ffeeddccbbaa998864fc013ab92ca7285f5ea91404610561807f9758c1aa7999"},
    {"ccm8_128_cid_8_16_bytes_other_nonce", 0xC0A8, false, master_secret_2, client_random_2, server_random_2,
     cid_8, 23, 0x123456789ab, 0, text_16,
     "19fefd00010123456789abc1d2e3f4051627380021ffeeddccbbaa998864fc013ab92ca7285f5ea91404610561920440ea58"
     "60aa64a7"},
    {"gcm_256_plain_16_bytes_other_nonce", 0x00A9, false, master_secret_2, client_random_2, server_random_2,
     no_cid, 23, 0x123456789ab, 0, text_16,
     "17fefd00010123456789ab0028ffeeddccbbaa9988fbaa934cd4845766ae48cc73c71b84bad279c1b942503f9f37739be560"
     "77e60c"},
    {"gcm_256_cid_8_16_bytes_other_nonce", 0x00A9, false, master_secret_2, client_random_2, server_random_2,
     cid_8, 23, 0x123456789ab, 0, text_16,
     "19fefd00010123456789abc1d2e3f4051627380029ffeeddccbbaa9988fbaa934cd4845766ae48cc73c71b84bafe56c281c3"
     "0dfb3093b9e3de48384a8090"},
};

// clang-format on
}  // namespace tlsmodem::test
