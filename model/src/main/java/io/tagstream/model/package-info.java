/**
 * What all packages of the module share: the exception for models that cannot be used, the throttle
 * of background work, and the log of conditions that last. Every package may use it; it imports
 * none of them.
 */
package io.tagstream.model;
