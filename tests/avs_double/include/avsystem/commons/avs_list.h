#ifndef AVS_DOUBLE_LIST_H
#define AVS_DOUBLE_LIST_H

#include <stddef.h>

#include <avsystem/commons/avs_defs.h>
#include <avsystem/commons/avs_memory.h>

#ifdef __cplusplus
extern "C" {
#endif

// A list is a pointer to its first element; where the next one is stands in front of each element.
void* avs_double_list_new(size_t size);
void* avs_double_list_link(const void* element);
void* avs_double_list_append(void* list_ptr, void* element);
void avs_double_list_clear(void* list_ptr);

#ifdef __cplusplus
}
#endif

#define AVS_LIST(type) type*
#define AVS_LIST_NEW_ELEMENT(type) ((type*)avs_double_list_new(sizeof(type)))
#define AVS_LIST_NEXT(element) (*(__typeof__(element)*)avs_double_list_link(element))
#define AVS_LIST_FOREACH(element, list) \
  for ((element) = (list); (element); (element) = AVS_LIST_NEXT(element))
// The conditional makes the compiler refuse an element of another type.
#define AVS_LIST_APPEND(list_ptr, new_element) \
  ((__typeof__(*(list_ptr)))avs_double_list_append((list_ptr), 1 ? (new_element) : *(list_ptr)))
#define AVS_LIST_CLEAR(list_ptr) avs_double_list_clear(list_ptr)

#endif
