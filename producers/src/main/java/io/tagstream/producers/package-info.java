/** Puts images and labels on topics: the commands {@code produce} and {@code label}. */
package io.tagstream.producers;
