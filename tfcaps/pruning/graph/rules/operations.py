"""Raw TensorFlow functions (tf_keras) and keras.ops (Keras 3) between layers."""
