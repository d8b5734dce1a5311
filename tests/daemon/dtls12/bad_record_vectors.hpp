// Records of DTLS 1.2 that a receiver drops in silence (RFC 6347 4.1.2.7).
// Computed from the texts of RFC 5246, 5288, 6347, 6655, 7366, 7905 and 9146 with pycryptodome 3.11.0
// (CPython 3.11.2): ciphers and hashes that share nothing with OpenSSL. All are what a client writes
// in epoch 1. All strings are hexadecimal.
// Inputs of the keys: master_secret_1, client_random_1, server_random_1. All but what the name says is right.
#pragma once

#include "record_vectors.hpp"

namespace tlsmodem::test {

struct bad_record_vector {
  const char* name;
  std::uint16_t suite;
  bool encrypt_then_mac;
  const char* cid;
  const char* record;
};

// clang-format off
inline constexpr bad_record_vector bad_records[] = {
    {"mte_plain_padding_first_byte_wrong", 0x00AE, false, no_cid,
     "17fefd00010123456789ab0060a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f8c37983179528d6d"
     "c4ec82fe66daf4f8cdd704133babd4f1dce74608c6803d0702826257ffdb9c9c9829f1dc5f894acf44c97f5c8f2e2b7e9d7b"
     "25e1a8e656a778ce97"},
    {"mte_plain_padding_middle_byte_wrong", 0x00AE, false, no_cid,
     "17fefd00010123456789ab0060a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f8c37983179528d6d"
     "c4ec82fe66daf4f8cdd704133babd4f1dce74608c6803d0702826208f8c33f61fa32b59f180ed3f255eaf71a248a8794e82e"
     "a932165a15a0b58a8a"},
    {"mte_plain_padding_last_but_one_byte_wrong", 0x00AE, false, no_cid,
     "17fefd00010123456789ab0060a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f8c37983179528d6d"
     "c4ec82fe66daf4f8cdd704133babd4f1dce74608c6803d0702826208f8c33f61fa32b59f180ed3f255eaf7137bbf1df63ff4"
     "bb8859b9ae16577c0b"},
    {"mte_plain_padding_length_one_less", 0x00AE, false, no_cid,
     "17fefd00010123456789ab0060a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f8c37983179528d6d"
     "c4ec82fe66daf4f8cdd704133babd4f1dce74608c6803d0702826208f8c33f61fa32b59f180ed3f255eaf7abaad9989fbd31"
     "da6a4dae3dc5d57852"},
    {"mte_plain_padding_length_one_more", 0x00AE, false, no_cid,
     "17fefd00010123456789ab0060a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f8c37983179528d6d"
     "c4ec82fe66daf4f8cdd704133babd4f1dce74608c6803d0702826208f8c33f61fa32b59f180ed3f255eaf7801c980621c088"
     "90f9704df13eb0415c"},
    {"mte_plain_mac_first_byte_wrong", 0x00AE, false, no_cid,
     "17fefd00010123456789ab0050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f8c379891432d7fbc"
     "a9690125ac2b3ae63a3777485db7a5aa7f85c008bb993426ec265c2656d1ccde9e99a67f9c9b24062f4a38"},
    {"mte_plain_mac_last_byte_wrong", 0x00AE, false, no_cid,
     "17fefd00010123456789ab0050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f8c37983179528d6d"
     "c4ec82fe66daf4f8cdd704ea3e14df72714dbdae445b667d5b979a49ba17fd914b07a42d3e44d4a040e550"},
    {"mte_plain_content_wrong", 0x00AE, false, no_cid,
     "17fefd00010123456789ab0050a0a1a2a3a4a5a6a7a8a9aaabacadaeafdcada856aaf2b330dcf1aec0f081e1cdb6e602c883"
     "03a2bb7405054a022dedb17719ad7cf270bbdf075d8805db6e88c6fe9fbbb822b14da951312dd84ff9cff2"},
    {"mte_plain_padding_longer_than_the_record", 0x00AE, false, no_cid,
     "17fefd00010123456789ab0050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf2810b93f73a453e72d6136beba65bc70fb8befe270"
     "338a14b41f00fa4583113e489a83dbf7664b6991d1aaaf6ba4b2d68166f241040b0e6a8a342e6e53c2d6e8"},
    {"mte_plain_padding_as_long_as_the_record", 0x00AE, false, no_cid,
     "17fefd00010123456789ab0050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf5df12db6b1954277eef1f786eae7c9b24b7af32770"
     "6577742f08830e9685a957654b785df77afda97ace544e9314c66f0e31102e4c535133bf6185f503014d7d"},
    {"mte_plain_padding_one_byte_into_the_mac", 0x00AE, false, no_cid,
     "17fefd00010123456789ab0050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf1321dff7447fa1bb4bc8234a208e29b94ebbb64adc"
     "8a557cf9a5a7bbf144b05fe3f975a888894a285587e7cfadd94c209805dcc24b52c535ad7febf887cf88e7"},
    {"mte_plain_padding_half_into_the_mac", 0x00AE, false, no_cid,
     "17fefd00010123456789ab0040a0a1a2a3a4a5a6a7a8a9aaabacadaeaf705e340bbb21003bca5b10566999f20db5586cc8c6"
     "4a4c6c5d5823127ed0a9172428e4c75099c2cb2f89c7515bfa9406"},
    {"mte_plain_shorter_than_a_mac", 0x00AE, false, no_cid,
     "17fefd00010123456789ab0030a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f8c37983179528d6d"
     "c4ec82fe66daf4f8cdd704"},
    {"mte_plain_not_whole_blocks", 0x00AE, false, no_cid,
     "17fefd00010123456789ab004fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f8c37983179528d6d"
     "c4ec82fe66daf4f8cdd704133babd4f1dce74608c6803d07028262e0cd3b66844ad098dd974888487b68"},
    {"mte_cid_8_padding_first_byte_wrong", 0x00AE, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380060a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f"
     "8c3798d62cef3bf86f435a2b871b97d616e440cadfb1ea25514076c4f6ee5135cc4d6b12f62a48df748ae414f39093c17ed5"
     "e44cc71b9b61c00e215a19a59094aad133"},
    {"mte_cid_8_padding_middle_byte_wrong", 0x00AE, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380060a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f"
     "8c3798d62cef3bf86f435a2b871b97d616e440cadfb1ea25514076c4f6ee5135cc4d6b3de18d7068a5eaa9f1f48be9dea6ca"
     "eb328d83f0769139cbaca283d2254eaf50"},
    {"mte_cid_8_padding_last_but_one_byte_wrong", 0x00AE, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380060a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f"
     "8c3798d62cef3bf86f435a2b871b97d616e440cadfb1ea25514076c4f6ee5135cc4d6b3de18d7068a5eaa9f1f48be9dea6ca"
     "ebb8e7b781f41926e255c3738df55a7ed6"},
    {"mte_cid_8_padding_length_one_less", 0x00AE, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380060a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f"
     "8c3798d62cef3bf86f435a2b871b97d616e440cadfb1ea25514076c4f6ee5135cc4d6b3de18d7068a5eaa9f1f48be9dea6ca"
     "eb0bcc17ee47b77c1ad4d54d64dbf00c2e"},
    {"mte_cid_8_padding_length_one_more", 0x00AE, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380060a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f"
     "8c3798d62cef3bf86f435a2b871b97d616e440cadfb1ea25514076c4f6ee5135cc4d6b3de18d7068a5eaa9f1f48be9dea6ca"
     "ebb714d2b76e530cd4786aeab8077c8e1f"},
    {"mte_cid_8_mac_first_byte_wrong", 0x00AE, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f"
     "8c37985db9be5566506264d0bdf9632af39b0639035e5c51e1686e14c2bcad72191806ddf72fdc7824a133c2a5138b7c45eb"
     "04"},
    {"mte_cid_8_mac_last_byte_wrong", 0x00AE, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f"
     "8c3798d62cef3bf86f435a2b871b97d616e440cadfb1ea25514076c4f6ee5135cc4d6b9d8a1687bfd7113a17296a08f171f4"
     "e2"},
    {"mte_cid_8_content_wrong", 0x00AE, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380050a0a1a2a3a4a5a6a7a8a9aaabacadaeafdcada856aaf2b330dcf1aec0f0"
     "81e1cd519fadc112d50fdf4a9752198e3ef75999b12d327ecd8399bac0955537223576e179f106f580c542e65af125dab795"
     "78"},
    {"mte_cid_8_padding_longer_than_the_record", 0x00AE, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf2810b93f73a453e72d6136beba"
     "65bc70fb8befe270338a14b41f00fa4583113e489a83dbf7664b6991d1aaaf6ba4b2d68166f241040b0e6a8a342e6e53c2d6"
     "e8"},
    {"mte_cid_8_padding_as_long_as_the_record", 0x00AE, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf5df12db6b1954277eef1f786ea"
     "e7c9b24b7af327706577742f08830e9685a957654b785df77afda97ace544e9314c66f0e31102e4c535133bf6185f503014d"
     "7d"},
    {"mte_cid_8_padding_one_byte_into_the_mac", 0x00AE, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf1321dff7447fa1bb4bc8234a20"
     "8e29b94ebbb64adc8a557cf9a5a7bbf144b05fe3f975a888894a285587e7cfadd94c209805dcc24b52c535ad7febf887cf88"
     "e7"},
    {"mte_cid_8_padding_half_into_the_mac", 0x00AE, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380040a0a1a2a3a4a5a6a7a8a9aaabacadaeaf705e340bbb21003bca5b105669"
     "99f20db5586cc8c64a4c6c5d5823127ed0a9172428e4c75099c2cb2f89c7515bfa9406"},
    {"mte_cid_8_shorter_than_a_mac", 0x00AE, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380030a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f"
     "8c3798d62cef3bf86f435a2b871b97d616e440"},
    {"mte_cid_8_not_whole_blocks", 0x00AE, false, cid_8,
     "19fefd00010123456789abc1d2e3f405162738004fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f"
     "8c3798d62cef3bf86f435a2b871b97d616e440cadfb1ea25514076c4f6ee5135cc4d6ba4a41532550944d551b9f8c2bd68b5"},
    {"mte_plain_nothing_but_iv", 0x00AE, false, no_cid,
     "17fefd00010123456789ab0010a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"},
    {"mte_plain_shorter_than_iv", 0x00AE, false, no_cid,
     "17fefd00010123456789ab000fa0a1a2a3a4a5a6a7a8a9aaabacadae"},
    {"mte_plain_empty", 0x00AE, false, no_cid, "17fefd00010123456789ab0000"},
    {"mte_sha1_padding_longer_than_the_record", 0x008C, false, no_cid,
     "17fefd00010123456789ab0040a0a1a2a3a4a5a6a7a8a9aaabacadaeafb77dbe5d02fcbe5d3bd330a4c43a07c97a913377cb"
     "8903f6e44cd94efd516c31829ee91fd030a048af21bd625764e981"},
    {"mte_sha384_mac_wrong", 0x00AF, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380060a0a1a2a3a4a5a6a7a8a9aaabacadaeaf805dacb93fc41ef1fa88a5e0d7"
     "1e3170485fda7d34521a77dcd3a192b4998ed55c42b4f4591871afe6aa9e00df94c77f3556025b5c06e582744d9dbfc5d660"
     "dea00b2dde45dc2f6b307673af75a7136d"},
    {"mte_cid_8_only_zeros_inside", 0x00AE, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf069bce9d9842458541e256b598"
     "2a1ee28d19131e917421c5f5003a6d4015a67159cc4e77147bb5456ebd51ff65f0006eb2821ceb6368aa3e97d83bd63635a7"
     "c4"},
    {"mte_cid_8_nothing_inside", 0x00AE, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380040a0a1a2a3a4a5a6a7a8a9aaabacadaeaf8eb5b44588d942f2a3d87f63e2"
     "0d749cd32622609f28f28408df0baa7225ab8ef7f084230744a9753dc8b50ce791360b"},
    {"mte_cid_8_mac_of_a_plain_record", 0x00AE, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f"
     "8c3798af3363b2a4c9378af99f8698e66fa145df1a873ba073ed2801fb24aca489a3aac0de607b278fff56e5a323ac81a94f"
     "be"},
    {"mte_cid_8_mac_of_draft_05", 0x00AE, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f"
     "8c3798011700e89e66eb1587593b18a9b15b952522384cc7603f1543dc3eb43f1b72230389358d4c786102e34ff42fbcc26d"
     "28"},
    {"etm_plain_mac_wrong", 0x00AE, true, no_cid,
     "17fefd00010123456789ab0050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f8c379808e1884760"
     "509a206856943fec96f3c36cc982ca168a24b5876060424a1df4882b030b1bfc0106d0984bc2ae4c6490c0"},
    {"etm_plain_iv_wrong", 0x00AE, true, no_cid,
     "17fefd00010123456789ab0050a1a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f8c379808e1884760"
     "509a206856943fec96f3c36cc982ca168a24b5876060424a1df4882b030b1bfc0106d0984bc2ae4c6490c1"},
    {"etm_plain_padding_wrong", 0x00AE, true, no_cid,
     "17fefd00010123456789ab0050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f8c37985f5479e7c5"
     "c07918f52dba6cad61153224a290fe526eb6292b371fdc288a536770d1b27df714bf069a33c183b1905073"},
    {"etm_plain_padding_longer_than_the_record", 0x00AE, true, no_cid,
     "17fefd00010123456789ab0050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf2810b93f73a453e72d6136beba65bc70fb8befe270"
     "338a14b41f00fa4583113eeae6deef9c34445653cb9f158fe3ff1b30338a334ebf6cc3d415dfa374fe7039"},
    {"etm_plain_length_of_the_mac_counted", 0x00AE, true, no_cid,
     "17fefd00010123456789ab0050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f8c379808e1884760"
     "509a206856943fec96f3c323043b982a0f6012e6017338e24ec3588f3414824ce59cc83e167debb716f237"},
    {"etm_plain_nothing_encrypted", 0x00AE, true, no_cid,
     "17fefd00010123456789ab0030a0a1a2a3a4a5a6a7a8a9aaabacadaeaf36758269929943bcc2d911396c010e9c2311c43e62"
     "c2d6843e91e23edfa3f7bf"},
    {"etm_cid_8_mac_wrong", 0x00AE, true, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f"
     "8c3798a3a3c2dad7854a30e641e225263c6970834a639c159d7870ca8c0b9c2741f4d96991015eaab588ff75ec492195bf22"
     "a0"},
    {"etm_cid_8_padding_wrong", 0x00AE, true, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380060a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f"
     "8c3798fdce1169fa28aa091afeec8684b73051cddcd0c654a7fa0dd01005fd9b10479d0ded688619d1b741ae46f0de9a5bda"
     "21edec3c5b76e18cb36527b60e73ec7244"},
    {"etm_cid_8_length_of_the_mac_counted", 0x00AE, true, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f"
     "8c3798a3a3c2dad7854a30e641e225263c697011415e91b149ebdb9a5eedf8045ac0be8f3419ee44b2c89a7204abb61c4dbf"
     "87"},
    {"etm_cid_8_mac_of_a_plain_record", 0x00AE, true, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf24ae62d698d6f0e2c89be1cc6f"
     "8c3798a3a3c2dad7854a30e641e225263c697001e69089f5a7900f02848e9dbbaaeb3188ea65b0cb2b02623a4a8c12923f1b"
     "c1"},
    {"etm_cid_8_only_zeros_inside", 0x00AE, true, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380050a0a1a2a3a4a5a6a7a8a9aaabacadaeaf069bce9d9842458541e256b598"
     "2a1ee2e62d8ac61f3028d5678713d5cc0bd46842d1196fb0161298f3d53181362af79869dd1a9338715f4a51bf68c6ba612e"
     "55"},
    {"ccm8_128_plain_tag_wrong", 0xC0A8, false, no_cid,
     "17fefd00010123456789ab002000010123456789ab4265fd4ddce1f3c24f80d152b4c84a6b208f3f4c6819b2ee"},
    {"ccm8_128_plain_shorter_than_a_tag", 0xC0A8, false, no_cid,
     "17fefd00010123456789ab000f00010123456789ab4265fd4ddce1f3"},
    {"ccm8_128_cid_8_ciphertext_wrong", 0xC0A8, false, cid_8,
     "19fefd00010123456789abc1d2e3f405162738002100010123456789ab4365fd4ddce1f3c24f80d152b4c84a6b0d29a3147a"
     "b19e06c2"},
    {"ccm8_128_cid_8_only_zeros_inside", 0xC0A8, false, cid_8,
     "19fefd00010123456789abc1d2e3f405162738002300010123456789ab7252c30890b2a9a327efa72f3043d8f21afc0ad8a9"
     "58616023bc64"},
    {"ccm8_128_cid_8_nothing_inside", 0xC0A8, false, cid_8,
     "19fefd00010123456789abc1d2e3f405162738001000010123456789ab570382dafccce7ea"},
    {"ccm8_128_cid_8_additional_data_of_draft_05", 0xC0A8, false, cid_8,
     "19fefd00010123456789abc1d2e3f405162738002100010123456789ab4265fd4ddce1f3c24f80d152b4c84a6b0d7537c954"
     "80752820"},
    {"ccm8_128_cid_8_additional_data_of_another_cid", 0xC0A8, false, cid_8,
     "19fefd00010123456789abc1d2e3f405162738002100010123456789ab4265fd4ddce1f3c24f80d152b4c84a6b0df7e792eb"
     "addfb836"},
    {"gcm_128_plain_tag_wrong", 0x00A8, false, no_cid,
     "17fefd00010123456789ab002800010123456789abaea21ac25a8e83a25ab85cde7a7d8d91a1eaf127c19cde0bb28ef7d81a"
     "c5304b"},
    {"gcm_128_plain_shorter_than_a_tag", 0x00A8, false, no_cid,
     "17fefd00010123456789ab001700010123456789abaea21ac25a8e83a25ab85cde7a7d8d"},
    {"gcm_128_cid_8_ciphertext_wrong", 0x00A8, false, cid_8,
     "19fefd00010123456789abc1d2e3f405162738002900010123456789abafa21ac25a8e83a25ab85cde7a7d8d91ad07121fce"
     "219d6786482fbec0d15aa366"},
    {"gcm_128_cid_8_only_zeros_inside", 0x00A8, false, cid_8,
     "19fefd00010123456789abc1d2e3f405162738002b00010123456789ab9e95248716ddd9c332d72aa3fef61f08ba6a7fdd97"
     "19178404dd44bea1b0556d34655a"},
    {"gcm_128_cid_8_nothing_inside", 0x00A8, false, cid_8,
     "19fefd00010123456789abc1d2e3f405162738001800010123456789ab6df1e3df75f6fda55f5e5345f07a73a1"},
    {"gcm_128_cid_8_additional_data_of_draft_05", 0x00A8, false, cid_8,
     "19fefd00010123456789abc1d2e3f405162738002900010123456789abaea21ac25a8e83a25ab85cde7a7d8d91ad664ab93a"
     "8d4b175f4d88a863871b4a7f"},
    {"gcm_128_cid_8_additional_data_of_another_cid", 0x00A8, false, cid_8,
     "19fefd00010123456789abc1d2e3f405162738002900010123456789abaea21ac25a8e83a25ab85cde7a7d8d91ad7536140e"
     "86089d7cba9d9808889d7fb6"},
    {"chacha_plain_tag_wrong", 0xCCAB, false, no_cid,
     "17fefd00010123456789ab002075ff1ef3c4e9faaff615cd01f47b10c26d879dbcae3465c007ae5c2abb9b2542"},
    {"chacha_plain_shorter_than_a_tag", 0xCCAB, false, no_cid,
     "17fefd00010123456789ab000f75ff1ef3c4e9faaff615cd01f47b10"},
    {"chacha_cid_8_ciphertext_wrong", 0xCCAB, false, cid_8,
     "19fefd00010123456789abc1d2e3f405162738002174ff1ef3c4e9faaff615cd01f47b10c27dd245afeffa1188b47cefb08f"
     "d261d615"},
    {"chacha_cid_8_only_zeros_inside", 0xCCAB, false, cid_8,
     "19fefd00010123456789abc1d2e3f405162738002345c820b688baa0ce9e7abb7c70f0825b6a8d5403962e11bffcff7f2688"
     "32d985ae4b6a"},
    {"chacha_cid_8_nothing_inside", 0xCCAB, false, cid_8,
     "19fefd00010123456789abc1d2e3f4051627380010951f961df9a8e4dd2a2179b8d4779ca7"},
    {"chacha_cid_8_additional_data_of_draft_05", 0xCCAB, false, cid_8,
     "19fefd00010123456789abc1d2e3f405162738002175ff1ef3c4e9faaff615cd01f47b10c27d0211c6ec38d420a885255b9a"
     "bbdfeaaf"},
    {"chacha_cid_8_additional_data_of_another_cid", 0xCCAB, false, cid_8,
     "19fefd00010123456789abc1d2e3f405162738002175ff1ef3c4e9faaff615cd01f47b10c27d1ffc9b034f27d6d012230149"
     "93513fb7"},
    {"gcm_128_plain_nonce_wrong", 0x00A8, false, no_cid,
     "17fefd00010123456789ab002800010123456789aaaea21ac25a8e83a25ab85cde7a7d8d91a1eaf127c19cde0bb28ef7d81a"
     "c5304a"},
    {"gcm_128_plain_empty", 0x00A8, false, no_cid, "17fefd00010123456789ab0000"},
};

// clang-format on
}  // namespace tlsmodem::test
