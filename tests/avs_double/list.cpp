#include <avsystem/commons/avs_list.h>
#include <cstdlib>
#include <cstring>

namespace {

// Room for a pointer that keeps the element behind it aligned.
constexpr std::size_t link_size = sizeof(avs_max_align_t);

void* read(const void* pointer) {
  void* value = nullptr;
  std::memcpy(&value, pointer, sizeof value);
  return value;
}

void write(void* pointer, void* value) { std::memcpy(pointer, &value, sizeof value); }

}  // namespace

void* avs_malloc(size_t size) { return std::malloc(size); }
void* avs_calloc(size_t nmemb, size_t size) { return std::calloc(nmemb, size); }
void avs_free(void* ptr) { std::free(ptr); }

void* avs_double_list_new(size_t size) {
  auto* block = static_cast<char*>(avs_calloc(1, link_size + size));
  return block ? block + link_size : nullptr;
}

void* avs_double_list_link(const void* element) {
  return const_cast<char*>(static_cast<const char*>(element)) - link_size;
}

void* avs_double_list_append(void* list_ptr, void* element) {
  auto* end = list_ptr;
  while (auto* present = read(end)) end = avs_double_list_link(present);
  write(end, element);
  return element;
}

void avs_double_list_clear(void* list_ptr) {
  while (auto* element = read(list_ptr)) {
    auto* link = avs_double_list_link(element);
    write(list_ptr, read(link));
    avs_free(link);
  }
}
